/**
 * One player at the edge: photo, taps, and a bar that the style sheet measures against the scale of the game.
 *
 * A small one stands among very many: its name is for ears, and for eyes where it fits.
 */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { shortName } from "../../ui/names";
import { OwnTaps } from "./OwnTaps";
import { OwnTrack, StillTrack, Track } from "./Track";
import full from "./player-bar.module.css";
import small from "./small-bar.module.css";

interface PlayerBarProps {
  readonly player: Player;
  readonly isOwn: boolean;
  readonly isLeader: boolean;
  readonly isSmall: boolean;
  /** How many taps a full bar stands for. */
  readonly scale: number;
}

/** Rendered anew only when this player has an update: the reducer keeps the others as they are. */
export const PlayerBar = memo(function PlayerBar(props: PlayerBarProps): ReactNode {
  const { player, isOwn, isLeader, isSmall, scale } = props;
  const styles = isSmall ? small : full;
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  const size = isSmall ? 16 : 28;
  const photo = (
    <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={size} />
  );
  const taps = isOwn ? <OwnTaps /> : player.taps;
  const RivalTrack = isSmall ? StillTrack : Track;
  const track = isOwn ? (
    <OwnTrack scale={scale} looks={styles.track} />
  ) : (
    <RivalTrack taps={player.taps} scale={scale} looks={styles.track} />
  );
  return (
    <li className={looks} data-own={isOwn} title={player.name}>
      {isSmall ? (
        <>
          {photo}
          <FullName name={player.name} isOwn={isOwn} isBlocked={isBlocked} />
          {track}
          <b className={small.taps}>{taps}</b>
        </>
      ) : (
        <>
          <div className={full.who}>
            {photo}
            <span className={full.taps}>{taps}</span>
          </div>
          <ShortName name={player.name} isOwn={isOwn} isBlocked={isBlocked} />
          {track}
        </>
      )}
    </li>
  );
});

interface NameProps {
  readonly name: string;
  readonly isOwn: boolean;
  readonly isBlocked: boolean;
}

const ShortName = memo(function ShortName({ name, isOwn, isBlocked }: NameProps): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={full.name} dir="auto">
      {isBlocked ? (
        <b className={full.mark}>{t("game.blocked")}</b>
      ) : isOwn ? (
        t("room.you")
      ) : (
        shortName(name, t("room.nobody"))
      )}
    </span>
  );
});

const FullName = memo(function FullName({ name, isOwn, isBlocked }: NameProps): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={cx("visually-hidden", small.name)} dir="auto">
      {isOwn ? t("room.you") : name}
      {isBlocked && ` ${t("game.blockedMark")}`}
    </span>
  );
});
