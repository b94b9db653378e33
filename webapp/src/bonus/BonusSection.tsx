/** The running bonus in the profile: how far it is, and its cancel.  Nothing where none runs. */
import "../texts/bonus";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Row, Rows } from "../ui/Rows";
import { Stars } from "../ui/Stars";
import { useRemaining } from "../ui/use-remaining";
import { CancelBonus } from "./CancelBonus";
import { formatLong, partDone } from "./progress";
import { useBonus } from "./use-bonus";
import styles from "./bonus.module.css";

export default function BonusSection(): ReactNode {
  const { session } = useBonus();
  const { refreshUser } = useServices();
  const run = useStore(session.run);
  if (run?.state !== "running") return null;
  return (
    <Section
      run={run}
      onCancelled={(cancelled) => {
        session.show(cancelled);
        void refreshUser();
      }}
    />
  );
}

function Section({
  run,
  onCancelled,
}: {
  run: BonusRun;
  onCancelled: (run: BonusRun | null) => void;
}): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock, navigation } = useServices();
  const seconds = useRemaining(clock, run.ends_ms);
  const [isAsking, setIsAsking] = useState(false);
  const taps = run.taps.toLocaleString(i18n.language);
  const goal = run.goal.toLocaleString(i18n.language);
  return (
    <>
      <Rows title={t("bonus.title")}>
        <Row
          label={t("bonus.progress", { taps, goal })}
          hint={
            <span className={styles.bar} aria-hidden="true">
              <span style={{ width: `${partDone(run.taps, run.goal) * 100}%` }} />
            </span>
          }
          value={<Stars amount={run.reward} sign="+" />}
          onClick={() => {
            navigation.go({ name: "bonus" });
          }}
        />
        <Row label={t("bonus.timeLeft")} value={formatLong(seconds)} />
        <Row
          label={t("bonus.cancel")}
          onClick={() => {
            setIsAsking(true);
          }}
        />
      </Rows>
      {isAsking && (
        <CancelBonus
          taps={run.taps}
          onCancelled={onCancelled}
          onClose={() => {
            setIsAsking(false);
          }}
        />
      )}
    </>
  );
}
