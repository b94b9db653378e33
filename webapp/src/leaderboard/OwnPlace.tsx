/** Where the player stands: always in sight, whether among the first ten or far below them. */
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
        hint={useHint(leaderboard, user.user_id)}
      />
    </section>
  );
}

/** What is missing to the first ten; nothing for who is among them. */
function useHint(leaderboard: Leaderboard, userId: string): string | undefined {
  const { t } = useTranslation();
  if (leaderboard.entries.some(({ user_id }) => user_id === userId)) return undefined;
  const last = leaderboard.entries[TOP - 1];
  if (last === undefined) return t("leaderboard.noPrize");
  return t("leaderboard.toTop", {
    stars: t("money.stars", { count: Math.max(1, last.won - leaderboard.me.won + 1) }),
  });
}
