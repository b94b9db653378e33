/** The goal is reached: what of the reward is there, and back to Home. */
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { Button } from "../ui/Button";
import { Stars } from "../ui/Stars";
import { StarSign } from "../ui/StarSign";
import styles from "./bonus.module.css";

/** Long enough to read it. */
const HOME_AFTER_S = 10;

interface ReachedProps {
  readonly run: BonusRun;
  /** It was reached on this screen just now: then it leads back to Home by itself. */
  readonly isFresh: boolean;
}

export function Reached({ run, isFresh }: ReachedProps): ReactNode {
  const { t } = useTranslation();
  const { telegram, navigation, refreshUser } = useServices();
  const [seconds, setSeconds] = useState(HOME_AFTER_S);
  const isRewarded = run.state === "rewarded";
  useEffect(() => {
    telegram.haptic("success");
    void refreshUser();
  }, [telegram, refreshUser, isRewarded]);
  useEffect(() => {
    if (!isFresh) return;
    if (seconds === 0) {
      navigation.goToTab("home");
      return;
    }
    const timer = setTimeout(() => {
      setSeconds(seconds - 1);
    }, 1000);
    return () => {
      clearTimeout(timer);
    };
  }, [isFresh, navigation, seconds]);
  return (
    <section className={styles.reached}>
      <div className={styles.medal}>
        <StarSign />
      </div>
      <div aria-live="polite">
        <h2>{t("bonus.reached")}</h2>
        <Stars amount={run.reward} sign="+" />
        <p data-testid="bonus-end">
          {t(isRewarded ? "bonus.credited" : run.held ? "bonus.held" : "bonus.counting")}
        </p>
      </div>
      <Button
        kind="plain"
        onClick={() => {
          navigation.goToTab("home");
        }}
      >
        {isFresh ? t("bonus.homeIn", { count: seconds }) : t("bonus.home")}
      </Button>
    </section>
  );
}
