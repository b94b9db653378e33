/** How long there is, what it brings, and how far the run is: before it begins as while it runs. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { wholeNumber } from "../texts/numbers";
import { Stars } from "../ui/Stars";
import { formatLong, partDone } from "./progress";
import styles from "./bonus.module.css";

interface RunFiguresProps {
  readonly taps: number;
  /** Those that the server has counted. */
  readonly counted: number;
  readonly goal: number;
  readonly reward: number;
  readonly seconds: number;
}

export function RunFigures({ taps, counted, goal, reward, seconds }: RunFiguresProps): ReactNode {
  const { t, i18n } = useTranslation();
  const number = (value: number): string => wholeNumber(value, i18n.language);
  const part = partDone(taps, goal);
  return (
    <section className={styles.run}>
      <div className={styles.figures}>
        <p>
          <small>{t("bonus.timeLeft")}</small>
          <strong role="timer" aria-label={t("bonus.timeLeft")}>
            {formatLong(seconds)}
          </strong>
        </p>
        <p>
          <small>{t("bonus.payout")}</small>
          <Stars amount={reward} sign="+" />
        </p>
      </div>
      <div
        className={styles.progress}
        role="progressbar"
        aria-label={t("bonus.goal")}
        aria-valuemin={0}
        aria-valuemax={goal}
        aria-valuenow={taps}
        aria-valuetext={t("bonus.progress", { taps: number(taps), goal: number(goal) })}
      >
        <span className={styles.bar}>
          <span style={{ width: `${part * 100}%` }} />
        </span>
        <span data-testid="bonus-progress" data-taps={counted}>
          <b>{number(taps)}</b>/{number(goal)}
        </span>
        <span>{percent(part, i18n.language)}</span>
      </div>
    </section>
  );
}

/** Down, so that nothing is called whole before it is. */
function percent(part: number, language: string): string {
  const shown = Math.floor(part * 10_000) / 10_000;
  return shown.toLocaleString(language, { style: "percent", minimumFractionDigits: 2 });
}
