/** Before a run: what it asks, what it brings, and how the last one ended. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Foot } from "../ui/Foot";
import { partDone } from "./progress";
import { RunFigures } from "./RunFigures";
import styles from "./bonus.module.css";

interface StartBonusProps {
  readonly last: BonusRun | null;
  readonly isBusy: boolean;
  readonly problem: string | null;
  readonly onStart: () => void;
}

export function StartBonus({ last, isBusy, problem, onStart }: StartBonusProps): ReactNode {
  const { t, i18n } = useTranslation();
  const terms = useStore(useServices().offers)?.bonus_terms ?? null;
  const goal = (terms?.goal ?? last?.goal ?? 0).toLocaleString(i18n.language);
  return (
    <>
      {last && <LastRun run={last} />}
      <section className={styles.prize}>
        <span className={styles.dollars}>{t("bonus.reward")}</span>
        <p>{t("bonus.lead", { goal })}</p>
      </section>
      {terms && (
        <RunFigures
          taps={0}
          counted={0}
          goal={terms.goal}
          reward={terms.reward}
          seconds={Math.round(terms.lasts_ms / 1000)}
        />
      )}
      <p className={styles.note}>{t("bonus.rules")}</p>
      {terms && <p className={styles.note}>{t("bonus.terms")}</p>}
      <p className={styles.problem} role="alert">
        {problem}
      </p>
      {terms ? (
        <Foot>
          <Button onClick={onStart} isBusy={isBusy}>
            {t("bonus.start")}
          </Button>
        </Foot>
      ) : (
        <p className={styles.note}>{t("bonus.off")}</p>
      )}
    </>
  );
}

function LastRun({ run }: { run: BonusRun }): ReactNode {
  const { t, i18n } = useTranslation();
  const taps = run.taps.toLocaleString(i18n.language);
  const goal = run.goal.toLocaleString(i18n.language);
  const why =
    run.state === "expired"
      ? t("bonus.expired")
      : run.reason === "too_fast"
        ? t("bonus.tooFast")
        : run.reason === "refused"
          ? t("bonus.refused")
          : run.reason === "taken"
            ? t("bonus.taken")
            : t("bonus.cancelled");
  return (
    <section className={styles.last} role="status">
      <p>{why}</p>
      <span className={styles.bar} aria-hidden="true">
        <span style={{ width: `${partDone(run.taps, run.goal) * 100}%` }} />
      </span>
      <small>{t("bonus.progress", { taps, goal })}</small>
    </section>
  );
}
