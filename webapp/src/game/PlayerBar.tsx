/** One player at the edge: photo, taps, and a bar that the style sheet measures against the scale of the game. */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import { shortName } from "../ui/short-name";
import { RaceRow, type RowProps, type RunnerProps, Track } from "./RaceRow";
import { useOwnRow } from "./use-own-row";
import styles from "./game.module.css";

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const PlayerBar = memo(function PlayerBar({ player, isLeader, scale }: RunnerProps) {
  return <Bar player={player} isLeader={isLeader} scale={scale} taps={player.taps} isOwn={false} />;
});

/** One's own bar runs with the finger. */
export const OwnBar = memo(function OwnBar({ player, isLeader, scale }: RunnerProps) {
  return (
    <Bar player={player} isLeader={isLeader} scale={scale} taps={null} row={useOwnRow()} isOwn />
  );
});

function Bar(props: RowProps): ReactNode {
  const { t } = useTranslation();
  const { player, isLeader, scale, taps, isOwn } = props;
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <RaceRow {...props} looks={looks}>
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
      <Track taps={taps} scale={scale} looks={styles.track} />
    </RaceRow>
  );
}
