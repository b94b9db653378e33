/** A run that runs: the button, how far it is, how long there is, and the way out. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { TapPad } from "../arena/game/TapPad";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { useAway } from "../services/use-away";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Stars } from "../ui/Stars";
import { useRemaining } from "../ui/use-remaining";
import type { BonusSession } from "./bonus-session";
import { CancelBonus } from "./CancelBonus";
import { formatLong, neededPace, partDone } from "./progress";
import styles from "./bonus.module.css";

/** A screen reader hears how far the run is this often. */
const REPORT_EVERY_S = 30;

export function Running({ run, session }: { run: BonusRun; session: BonusSession }): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock } = useServices();
  const taps = useStore(session.taps);
  const seconds = useRemaining(clock, run.ends_ms);
  const isAway = useAway() !== null;
  const [isAsking, setIsAsking] = useState(false);
  const number = (value: number): string => value.toLocaleString(i18n.language);
  const part = partDone(taps, run.goal);
  const pace = neededPace(taps, run.goal, seconds * 1000);
  return (
    <>
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
            <Stars amount={run.reward} sign="+" />
          </p>
        </div>
        <div
          className={styles.progress}
          role="progressbar"
          aria-label={t("bonus.goal")}
          aria-valuemin={0}
          aria-valuemax={run.goal}
          aria-valuenow={taps}
          aria-valuetext={t("bonus.progress", { taps: number(taps), goal: number(run.goal) })}
        >
          <span className={styles.bar}>
            <span style={{ width: `${part * 100}%` }} />
          </span>
          <span data-testid="bonus-progress" data-taps={run.taps}>
            <b>{number(taps)}</b>/{number(run.goal)}
          </span>
          <span>{percent(part, i18n.language)}</span>
        </div>
      </section>
      <div className={styles.stage}>
        <TapPad onTap={() => session.tap()} isDisabled={seconds === 0}>
          <strong>TAP</strong>
          <span className="visually-hidden">{t("bonus.tap")}</span>
        </TapPad>
      </div>
      {isAway ? (
        // The count falls while the time does not wait: neither may look like a fault.
        <p className={styles.pace} role="status">
          {t("bonus.away")}
        </p>
      ) : (
        <p className={styles.pace}>
          {pace !== null && t("bonus.pace", { pace: number(pace), count: pace })}
        </p>
      )}
      <p className="visually-hidden" aria-live="polite">
        {seconds % REPORT_EVERY_S === 0 &&
          t("bonus.progress", { taps: number(taps), goal: number(run.goal) })}
      </p>
      <Button
        kind="quiet"
        onClick={() => {
          setIsAsking(true);
        }}
      >
        {t("bonus.cancel")}
      </Button>
      {isAsking && (
        <CancelBonus
          taps={taps}
          onCancelled={(cancelled) => {
            session.show(cancelled);
          }}
          onClose={() => {
            setIsAsking(false);
          }}
        />
      )}
    </>
  );
}

/** Down, so that nothing is called whole before it is. */
function percent(part: number, language: string): string {
  const shown = Math.floor(part * 10_000) / 10_000;
  return shown.toLocaleString(language, { style: "percent", minimumFractionDigits: 2 });
}
