/** Where the player stands: always in sight, whether among the first ten or far below them. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Leaderboard, User } from "../protocol/generated";
import { LineContent } from "./Line";
import styles from "./leaderboard.module.css";

const TOP = 10;

export function OwnPlace({ board, user }: { board: Leaderboard; user: User }): ReactNode {
  const { t } = useTranslation();
  return (
    <section
      className={styles.pinned}
      aria-label={t("leaderboard.ownPlace")}
      data-own-place={board.me.place ?? ""}
    >
      <LineContent
        place={board.me.place}
        face={user}
        won={board.me.won}
        isOwn
        hint={useHint(board, user.user_id)}
      />
    </section>
  );
}

/** What is missing to the first ten; nothing for who is among them. */
function useHint(board: Leaderboard, userId: string): string | undefined {
  const { t } = useTranslation();
  if (board.entries.some(({ user_id }) => user_id === userId)) return undefined;
  const last = board.entries[TOP - 1];
  if (last === undefined) return t("leaderboard.noPrize");
  return t("leaderboard.toTop", {
    stars: t("money.stars", { count: Math.max(1, last.won - board.me.won + 1) }),
  });
}
