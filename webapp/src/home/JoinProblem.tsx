/** Why no seat was taken.  The choice of payments will open from here. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";

export function JoinProblem(): ReactNode {
  const { t } = useTranslation();
  const { joining } = useServices();
  const join = useStore(joining.state);
  const dismiss = (): void => {
    joining.dismiss();
  };
  if (join.name === "insufficient") {
    return (
      <Sheet title={t("join.insufficientTitle")} onClose={dismiss}>
        <p>
          {t("join.insufficientText", {
            needed: t("money.stars", { count: join.needed }),
            balance: t("money.stars", { count: join.balance }),
          })}
        </p>
        <Button onClick={dismiss}>{t("join.close")}</Button>
      </Sheet>
    );
  }
  if (join.name === "failed") {
    return (
      <Sheet title={t("join.failedTitle")} onClose={dismiss}>
        <p>{join.message ?? t("join.failedNetwork")}</p>
        <Button onClick={() => void joining.join(join.stake)}>{t("join.retry")}</Button>
        <Button kind="quiet" onClick={dismiss}>
          {t("join.close")}
        </Button>
      </Sheet>
    );
  }
  return null;
}
