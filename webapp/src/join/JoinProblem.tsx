/** Why no seat was taken, and what can be done about it. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { PaymentChoice } from "../money/PaymentChoice";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import type { JoinState } from "./joining";

export type Problem = Extract<JoinState, { readonly name: "insufficient" | "failed" }>;

export default function JoinProblem({ join }: { join: Problem }): ReactNode {
  const { t } = useTranslation();
  const { joining } = useServices();
  const dismiss = (): void => {
    joining.dismiss();
  };
  if (join.name === "insufficient") return <PaymentChoice join={join} />;
  return (
    <Sheet title={t("join.failedTitle")} onClose={dismiss}>
      <p>{join.message ?? t("join.failedNetwork")}</p>
      <Button onClick={() => void joining.join(join.wish)}>{t("join.retry")}</Button>
      <Button kind="quiet" onClick={dismiss}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
