/** One of very many players at the edge: a photo, a bar, a number; the name is for ears and for a long look. */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RaceRow, type RowProps, type RunnerProps, Track } from "../../game/RaceRow";
import { useOwnRow } from "../../game/use-own-row";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import styles from "./race.module.css";

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const MiniBar = memo(function MiniBar({ player, isLeader, scale }: RunnerProps) {
  return <Bar player={player} isLeader={isLeader} scale={scale} taps={player.taps} isOwn={false} />;
});

/** One's own runs with the finger. */
export const OwnMiniBar = memo(function OwnMiniBar({ player, isLeader, scale }: RunnerProps) {
  return (
    <Bar player={player} isLeader={isLeader} scale={scale} taps={null} row={useOwnRow()} isOwn />
  );
});

function Bar(props: RowProps): ReactNode {
  const { t } = useTranslation();
  const { player, isLeader, scale, taps, isOwn } = props;
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.mini,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <RaceRow {...props} looks={looks}>
      <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={18} />
      <span className="visually-hidden">
        {isOwn ? t("room.you") : player.name}
        {isBlocked && ` ${t("game.blockedMark")}`}
      </span>
      <Track taps={taps} scale={scale} looks={styles.track} />
      <b data-count>{taps}</b>
    </RaceRow>
  );
}
