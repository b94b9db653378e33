/** One of very many players at the edge: a photo, a bar, a number; the name is for ears, and for eyes where it fits. */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { OwnTaps } from "../game/OwnTaps";
import type { RunnerProps } from "../game/race";
import { OwnTrack, StillTrack } from "../game/Track";
import styles from "./race.module.css";

/** Rendered anew only when this player has an update: the reducer keeps the others as they are. */
export const MiniBar = memo(function MiniBar(props: RunnerProps): ReactNode {
  const { player, isOwn, isLeader, scale } = props;
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.mini,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <li className={looks} data-own={isOwn} title={player.name}>
      <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={16} />
      <Name name={player.name} isOwn={isOwn} isBlocked={isBlocked} />
      {isOwn ? (
        <OwnTrack scale={scale} looks={styles.track} />
      ) : (
        <StillTrack taps={player.taps} scale={scale} looks={styles.track} />
      )}
      <b>{isOwn ? <OwnTaps /> : player.taps}</b>
    </li>
  );
});

interface NameProps {
  readonly name: string;
  readonly isOwn: boolean;
  readonly isBlocked: boolean;
}

const Name = memo(function Name({ name, isOwn, isBlocked }: NameProps): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={cx("visually-hidden", styles.who)} dir="auto">
      {isOwn ? t("room.you") : name}
      {isBlocked && ` ${t("game.blockedMark")}`}
    </span>
  );
});
