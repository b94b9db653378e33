import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { GameDetails } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Stars } from "../../ui/Stars";
import { formatRate } from "../rate";
import styles from "./standings.module.css";

/** Who stood where, with taps and the rate of the best two seconds; up to fifty of them. */
export function Standings({ game, userId }: { game: GameDetails; userId: string }): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <section className={styles.standings}>
      <h2>{t("gameDetails.standings")}</h2>
      <ol>
        {game.standings.map((line) => {
          const isOwn = line.user_id === userId;
          return (
            <li key={line.user_id} className={cx(isOwn && styles.own)} data-own={isOwn}>
              <span className={styles.place}>{line.place ?? "–"}</span>
              <Avatar userId={line.user_id} name={line.name} photoUrl={line.photo_url} size={34} />
              <span className={styles.who}>
                <span className={styles.name} dir="auto">
                  {isOwn ? t("gameDetails.you") : line.name}
                </span>
                <small className={cx(line.blocked && styles.blocked)}>
                  {line.blocked
                    ? t("gameDetails.blocked")
                    : t("gameDetails.rate", { rate: formatRate(line.best_rate, i18n.language) })}
                </small>
              </span>
              <span className={styles.numbers}>
                {t("gameDetails.taps", { count: line.taps })}
                {line.prize > 0 && <Stars amount={line.prize} sign="+" />}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
