/** The first three.  Who shares a place stands equally high. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { LeaderboardEntry } from "../protocol/generated";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import { Stars } from "../ui/Stars";
import { Place } from "./Line";
import styles from "./leaderboard.module.css";

interface PodiumProps {
  readonly entries: readonly LeaderboardEntry[];
  readonly userId: string;
}

export function Podium({ entries, userId }: PodiumProps): ReactNode {
  const { t } = useTranslation();
  return (
    <ol className={styles.podium}>
      {entries.map(({ place, user_id, name, photo_url, won }) => {
        const isOwn = user_id === userId;
        return (
          <li
            key={user_id}
            className={cx(isOwn && styles.ownStand)}
            data-place={place}
            data-own={isOwn}
          >
            <Avatar
              userId={user_id}
              name={name}
              photoUrl={photo_url}
              size={place === 1 ? 72 : 56}
            />
            <span className={styles.winner} dir="auto">
              {isOwn ? t("leaderboard.you") : name}
            </span>
            <Stars amount={won} />
            <span className={styles.stand}>
              <Place place={place} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
