import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Stats } from "../protocol/generated";
import { Stars } from "../ui/Stars";
import { formatRate } from "./rate";
import styles from "./statistics.module.css";

/** What the player has done so far; each number with its word in the right form. */
export function Statistics({ stats }: { stats: Stats }): ReactNode {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return (
    <section aria-label={t("profile.statistics")}>
      <dl className={styles.figures}>
        <Figure name={t("profile.won")}>
          <Stars amount={stats.won} />
        </Figure>
        <Figure name={t("profile.bestRate")}>
          {formatRate(stats.best_rate, language)} <small>{t("profile.rateUnit")}</small>
        </Figure>
        <Figure name={t("profile.games", { count: stats.games })}>
          {stats.games.toLocaleString(language)}
        </Figure>
        <Figure name={t("profile.wins", { count: stats.wins })}>
          {stats.wins.toLocaleString(language)}
        </Figure>
      </dl>
    </section>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
