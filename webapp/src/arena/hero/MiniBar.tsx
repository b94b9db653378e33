/** One of very many players at the edge: a photo, a bar, a number; the name is for ears and for a long look. */
import { memo, type ReactNode, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useOwnRow } from "../../game/use-own-row";
import type { Player } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import styles from "./race.module.css";

interface MiniBarProps {
  readonly player: Player;
  readonly isLeader: boolean;
  /** How many taps a full bar stands for. */
  readonly scale: number;
}

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const MiniBar = memo(function MiniBar({ player, isLeader, scale }: MiniBarProps) {
  return <Bar player={player} isLeader={isLeader} scale={scale} taps={player.taps} isOwn={false} />;
});

/** One's own runs with the finger. */
export const OwnMiniBar = memo(function OwnMiniBar({ player, isLeader, scale }: MiniBarProps) {
  return (
    <Bar player={player} isLeader={isLeader} scale={scale} taps={null} row={useOwnRow()} isOwn />
  );
});

interface BarProps extends MiniBarProps {
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
    styles.mini,
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
      <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={18} />
      <span className="visually-hidden">
        {isOwn ? t("room.you") : player.name}
        {isBlocked && ` ${t("game.blockedMark")}`}
      </span>
      <span className={styles.track} data-track style={measured} aria-hidden="true">
        <span />
      </span>
      <b data-count>{taps}</b>
    </li>
  );
}
