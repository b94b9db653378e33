import type { CSSProperties, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../protocol/generated";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import styles from "./game.module.css";

interface PlayerBarProps {
  readonly player: Player;
  readonly isOwn: boolean;
  /** How full the bar is, 0 to 1. */
  readonly part: number;
  readonly place: number | null;
}

export function PlayerBar({ player, isOwn, part, place }: PlayerBarProps): ReactNode {
  const { t } = useTranslation();
  const isBlocked = player.state === "blocked";
  const style = { "--part": Math.min(1, part) } as CSSProperties;
  const looks = cx(
    styles.player,
    isOwn && styles.own,
    isBlocked && styles.blocked,
    place === 1 && player.taps > 0 && styles.leader,
  );
  return (
    <li className={looks} data-own={isOwn} data-taps={player.taps}>
      <div className={styles.who}>
        <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={28} />
        <span className={styles.taps}>{player.taps}</span>
      </div>
      <span className={styles.name} dir="auto">
        {isOwn ? t("room.you") : player.name}
      </span>
      <span className={styles.track} style={style} aria-hidden="true">
        <span />
      </span>
      {isBlocked && <span className={styles.mark}>{t("game.blocked")}</span>}
    </li>
  );
}
