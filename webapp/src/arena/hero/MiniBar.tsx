/** One of very many players at the edge: a photo, a bar, a number; the name is for ears and for a long look. */
import { type CSSProperties, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../app/context";
import type { Player } from "../../protocol/generated";
import { useStore } from "../../state/use-store";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import styles from "./race.module.css";

interface MiniBarProps {
  readonly player: Player;
  readonly isLeader: boolean;
}

/** Rendered anew only when this player has news: the reducer keeps the others as they are. */
export const MiniBar = memo(function MiniBar({ player, isLeader }: MiniBarProps) {
  return <Bar player={player} isLeader={isLeader} taps={player.taps} isOwn={false} />;
});

/** One's own runs with the finger. */
export const OwnMiniBar = memo(function OwnMiniBar({ player, isLeader }: MiniBarProps) {
  const taps = useStore(useServices().room.ownTaps);
  return <Bar player={player} isLeader={isLeader} taps={taps} isOwn />;
});

interface BarProps extends MiniBarProps {
  readonly taps: number;
  readonly isOwn: boolean;
}

function Bar({ player, isLeader, taps, isOwn }: BarProps): ReactNode {
  const { t } = useTranslation();
  const isBlocked = player.state === "blocked";
  const looks = cx(
    styles.mini,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    isLeader && styles.leader,
  );
  return (
    <li className={looks} data-own={isOwn} data-taps={taps} title={player.name}>
      <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={18} />
      <span className="visually-hidden">
        {isOwn ? t("room.you") : player.name}
        {isBlocked && ` ${t("game.blockedMark")}`}
      </span>
      <span className={styles.track} style={{ "--taps": taps } as CSSProperties} aria-hidden="true">
        <span />
      </span>
      <b>{taps}</b>
    </li>
  );
}
