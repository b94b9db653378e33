/** A run that runs: the button, how far it is, how long there is, and the way out. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { TapPad } from "../arena/game/TapPad";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { useAway } from "../services/use-away";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { useRemaining } from "../ui/use-remaining";
import type { BonusSession } from "./bonus-session";
import { CancelBonus } from "./CancelBonus";
import { neededPace } from "./progress";
import { RunFigures } from "./RunFigures";
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
  const pace = neededPace(taps, run.goal, seconds * 1000);
  return (
    <>
      <RunFigures
        taps={taps}
        counted={run.taps}
        goal={run.goal}
        reward={run.reward}
        seconds={seconds}
      />
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
