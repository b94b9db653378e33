/** One player at the edge: photo, taps, and a bar that the style sheet measures against the scale of the game. */
import { type CSSProperties, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { Player } from "../protocol/generated";
import { useStore } from "../state/use-store";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import { shortName } from "../ui/short-name";
import styles from "./game.module.css";

interface PlayerBarProps {
  readonly player: Player;
  readonly isLeader: boolean;
}

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const PlayerBar = memo(function PlayerBar({ player, isLeader }: PlayerBarProps) {
  return <Bar player={player} isLeader={isLeader} taps={player.taps} isOwn={false} />;
});

/** One's own bar runs with the finger. */
export const OwnBar = memo(function OwnBar({ player, isLeader }: PlayerBarProps) {
  const taps = useStore(useServices().room.ownTaps);
  return <Bar player={player} isLeader={isLeader} taps={taps} isOwn />;
});

interface BarProps extends PlayerBarProps {
  readonly taps: number;
  readonly isOwn: boolean;
}

function Bar({ player, isLeader, taps, isOwn }: BarProps): ReactNode {
  const { t } = useTranslation();
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <li className={looks} data-own={isOwn} data-taps={taps} title={player.name}>
      <div className={styles.who}>
        <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={28} />
        <span className={styles.taps}>{taps}</span>
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
      <span className={styles.track} style={{ "--taps": taps } as CSSProperties} aria-hidden="true">
        <span />
      </span>
    </li>
  );
}
