/** What every row of a race is, whatever it looks like: whose it is, and how far its bar has come. */
import type { ReactNode, RefObject } from "react";
import type { Player } from "../protocol/generated";

export interface RunnerProps {
  readonly player: Player;
  readonly isLeader: boolean;
  /** How many taps a full bar stands for. */
  readonly scale: number;
}

export interface RowProps extends RunnerProps {
  /** Null: written by whoever has `row`. */
  readonly taps: number | null;
  readonly row?: RefObject<HTMLLIElement | null>;
  readonly isOwn: boolean;
}

interface RaceRowProps extends RowProps {
  readonly looks: string;
  readonly children: ReactNode;
}

export function RaceRow({ player, taps, row, isOwn, looks, children }: RaceRowProps): ReactNode {
  return (
    <li
      ref={row}
      className={looks}
      data-own={isOwn}
      data-taps={taps ?? undefined}
      title={player.name}
    >
      {children}
    </li>
  );
}

interface TrackProps {
  readonly taps: number | null;
  readonly scale: number;
  readonly looks: string | undefined;
}

/** The scale stands where it is used, not on the whole race: a change would be a new style for all that is in it. */
export function Track({ taps, scale, looks }: TrackProps): ReactNode {
  const measured: Record<string, number> = { "--scale": scale };
  if (taps !== null) measured["--taps"] = taps;
  return (
    <span className={looks} data-track style={measured} aria-hidden="true">
      <span />
    </span>
  );
}
