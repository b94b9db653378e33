/** One player at the edge: photo, taps, and a bar that the style sheet measures against the scale of the game. */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { shortName } from "../../ui/short-name";
import { OwnTaps } from "./OwnTaps";
import type { RunnerProps } from "./race";
import { OwnTrack, Track } from "./Track";
import styles from "./game.module.css";

/** Rendered anew only when this player has an update: the reducer keeps the others as they are. */
export const PlayerBar = memo(function PlayerBar(props: RunnerProps): ReactNode {
  const { player, isOwn, isLeader, scale } = props;
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <li className={looks} data-own={isOwn} title={player.name}>
      <div className={styles.who}>
        <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={28} />
        <span className={styles.taps}>{isOwn ? <OwnTaps /> : player.taps}</span>
      </div>
      <Name name={player.name} isOwn={isOwn} isBlocked={isBlocked} />
      {isOwn ? (
        <OwnTrack scale={scale} looks={styles.track} />
      ) : (
        <Track taps={player.taps} scale={scale} looks={styles.track} />
      )}
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
    <span className={styles.name} dir="auto">
      {isBlocked ? (
        <b className={styles.mark}>{t("game.blocked")}</b>
      ) : isOwn ? (
        t("room.you")
      ) : (
        shortName(name)
      )}
    </span>
  );
});
