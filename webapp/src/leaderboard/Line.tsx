import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/cx";
import { Stars } from "../ui/Stars";
import styles from "./leaderboard.module.css";

interface LineProps {
  /** Null without a prize in that time. */
  readonly place: number | null;
  readonly profile: {
    readonly user_id: string;
    readonly name: string;
    readonly photo_url: string | null;
  };
  readonly won: number;
  readonly isOwn: boolean;
  /** Under the name, quieter. */
  readonly hint?: string;
}

/** One place of the leaderboard below the podium. */
export function Line({ place, profile, won, isOwn, hint }: LineProps): ReactNode {
  return (
    <li className={cx(styles.line, isOwn && styles.own)} data-place={place} data-own={isOwn}>
      <LineContent place={place} profile={profile} won={won} isOwn={isOwn} hint={hint} />
    </li>
  );
}

export function LineContent({
  place,
  profile,
  won,
  isOwn,
  hint,
}: Omit<LineProps, "hint"> & { hint: string | undefined }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Place place={place} />
      <Avatar userId={profile.user_id} name={profile.name} photoUrl={profile.photo_url} size={36} />
      <span className={styles.who}>
        <span className={styles.name} dir="auto">
          {isOwn ? t("leaderboard.you") : profile.name}
        </span>
        {hint !== undefined && <small>{hint}</small>}
      </span>
      <Stars amount={won} />
    </>
  );
}

/** The number for eyes, the words for ears. */
export function Place({ place }: { place: number | null }): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <span className={styles.place}>
      <span aria-hidden="true">{place?.toLocaleString(i18n.language) ?? "–"}</span>
      <span className="visually-hidden">
        {place === null
          ? t("leaderboard.noPlace")
          : t("leaderboard.place", { count: place, ordinal: true })}
      </span>
    </span>
  );
}
