/** Where the player stands, in sight below the first ten; who is among them stands there already. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Leaderboard, User } from "../protocol/generated";
import { LineContent } from "./Line";
import styles from "./leaderboard.module.css";

const TOP = 10;

export function OwnPlace({
  leaderboard,
  user,
}: {
  leaderboard: Leaderboard;
  user: User;
}): ReactNode {
  const { t } = useTranslation();
  const hint = useHint(leaderboard);
  if (leaderboard.entries.some(({ user_id }) => user_id === user.user_id)) return null;
  return (
    <section
      className={styles.pinned}
      aria-label={t("leaderboard.ownPlace")}
      data-own-place={leaderboard.me.place ?? ""}
    >
      <LineContent
        place={leaderboard.me.place}
        profile={user}
        won={leaderboard.me.won}
        isOwn
        hint={hint}
      />
    </section>
  );
}

/** What is missing to the first ten. */
function useHint(leaderboard: Leaderboard): string {
  const { t } = useTranslation();
  const last = leaderboard.entries[TOP - 1];
  if (last === undefined) return t("leaderboard.noPrize");
  return t("leaderboard.toTop", {
    stars: t("money.stars", { count: Math.max(1, last.won - leaderboard.me.won + 1) }),
  });
}
