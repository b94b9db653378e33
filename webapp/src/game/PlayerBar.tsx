/** One player at the edge: photo, taps, and a bar that the style sheet measures against the scale of the game. */
import { memo, type ReactNode, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../protocol/generated";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import { shortName } from "../ui/short-name";
import { useOwnRow } from "./use-own-row";
import styles from "./game.module.css";

interface PlayerBarProps {
  readonly player: Player;
  readonly isLeader: boolean;
  /** How many taps a full bar stands for. */
  readonly scale: number;
}

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const PlayerBar = memo(function PlayerBar({ player, isLeader, scale }: PlayerBarProps) {
  return <Bar player={player} isLeader={isLeader} scale={scale} taps={player.taps} isOwn={false} />;
});

/** One's own bar runs with the finger. */
export const OwnBar = memo(function OwnBar({ player, isLeader, scale }: PlayerBarProps) {
  return (
    <Bar player={player} isLeader={isLeader} scale={scale} taps={null} row={useOwnRow()} isOwn />
  );
});

interface BarProps extends PlayerBarProps {
  /** Null: written by whoever has `row`. */
  readonly taps: number | null;
  readonly row?: RefObject<HTMLLIElement | null>;
  readonly isOwn: boolean;
}

function Bar({ player, isLeader, scale, taps, row, isOwn }: BarProps): ReactNode {
  const { t } = useTranslation();
  const isBlocked = player.state === "blocked";
  // Where they are used, not on the whole race: a change would be a new style for all that is in it.
  const measured: Record<string, number> = { "--scale": scale };
  if (taps !== null) measured["--taps"] = taps;
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <li
      ref={row}
      className={looks}
      data-own={isOwn}
      data-taps={taps ?? undefined}
      title={player.name}
    >
      <div className={styles.who}>
        <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={28} />
        <span className={styles.taps} data-count>
          {taps}
        </span>
      </div>
      <span className={styles.name} dir="auto">
        {isBlocked ? (
          <b className={styles.mark}>{t("game.blocked")}</b>
        ) : isOwn ? (
          t("room.you")
        ) : (
          shortName(player.name)
        )}
      </span>
      <span className={styles.track} data-track style={measured} aria-hidden="true">
        <span />
      </span>
    </li>
  );
}
