/** Asks before a run is given up: its taps do not come back. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import { cancelBonus, lookAtBonus } from "./bonus-api";

interface CancelBonusProps {
  readonly taps: number;
  readonly onCancelled: (run: BonusRun | null) => void;
  readonly onClose: () => void;
}

export function CancelBonus({ taps, onCancelled, onClose }: CancelBonusProps): ReactNode {
  const { t } = useTranslation();
  const { api, telegram } = useServices();
  const [isBusy, setIsBusy] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  const cancel = async (): Promise<void> => {
    setIsBusy(true);
    setHasFailed(false);
    try {
      onCancelled(await giveUp());
      telegram.haptic("select");
      onClose();
    } catch {
      setHasFailed(true);
      setIsBusy(false);
    }
  };
  const giveUp = async (): Promise<BonusRun | null> => {
    try {
      return await cancelBonus(api.ask);
    } catch (error) {
      // It came to another end a moment before: that one is shown.
      if (error instanceof ApiError && error.status === 409) return lookAtBonus(api.ask);
      throw error;
    }
  };
  return (
    <Sheet title={t("bonus.cancelTitle")} onClose={onClose}>
      <p>{taps > 0 ? t("bonus.cancelText", { count: taps }) : t("bonus.cancelEmpty")}</p>
      {hasFailed && <p role="alert">{t("connection.unreachable")}</p>}
      <Button kind="plain" onClick={onClose}>
        {t("bonus.goOn")}
      </Button>
      <Button kind="danger" onClick={() => void cancel()} isBusy={isBusy}>
        {t("bonus.cancelYes")}
      </Button>
    </Sheet>
  );
}
