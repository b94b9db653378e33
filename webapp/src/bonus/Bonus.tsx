/** The bonus run: what it is, the run itself, and how it ended.  A whole day fits on this screen. */
import "../texts/bonus";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Failed } from "../ui/Failed";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { startBonus } from "./bonus-api";
import { Reached } from "./Reached";
import { Running } from "./Running";
import { StartBonus } from "./StartBonus";
import { useBonus } from "./use-bonus";

export default function Bonus(): ReactNode {
  const { t } = useTranslation();
  const { session, loaded, again } = useBonus();
  const run = useStore(session.run);
  const shown = run ?? (loaded.name === "ready" ? loaded.value : null);
  const [hasRun, setHasRun] = useState(false);
  if (shown?.state === "running" && !hasRun) setHasRun(true);
  return (
    <Screen title={t("bonus.title")} hasBack>
      {loaded.name === "loading" && !run ? (
        <Skeleton height={420} radius={24} />
      ) : loaded.name === "failed" && !run ? (
        <Failed message={loaded.message} onRetry={again} />
      ) : shown?.state === "running" ? (
        <Running run={shown} session={session} />
      ) : shown?.state === "done" || shown?.state === "rewarded" ? (
        <Reached run={shown} isFresh={hasRun} />
      ) : (
        <Start
          last={shown}
          onStarted={(started) => {
            session.show(started);
          }}
        />
      )}
    </Screen>
  );
}

function Start({
  last,
  onStarted,
}: {
  last: BonusRun | null;
  onStarted: (run: BonusRun | null) => void;
}): ReactNode {
  const { t } = useTranslation();
  const { api, telegram } = useServices();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const start = async (): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    try {
      onStarted(await startBonus(api.ask));
      telegram.haptic("success");
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : t("connection.unreachable"));
    }
    setIsBusy(false);
  };
  return <StartBonus last={last} isBusy={isBusy} problem={problem} onStart={() => void start()} />;
}
