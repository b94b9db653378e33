/** Why there is no seat, or none yet, and what can be done about it. */
import "../texts/money";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type JoinState, ownLimit, type OwnLimit } from "../join/joining";
import { PaymentChoice } from "../money/PaymentChoice";
import { useServices } from "../services/context";
import { formatMoment } from "../texts/moments";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";

export type Problem = Exclude<JoinState, { readonly name: "idle" | "busy" }>;

export default function JoinProblem({ join }: { join: Problem }): ReactNode {
  const { t } = useTranslation();
  const { joining } = useServices();
  if (join.name === "insufficient") return <PaymentChoice join={join} />;
  const limit = join.name === "refused" ? ownLimit(join.error) : null;
  if (limit) return <Limited limit={limit} />;
  const isRefused = join.name === "refused";
  const dismiss = (): void => {
    joining.dismiss();
  };
  return (
    <Sheet title={t(isRefused ? "join.refusedTitle" : "join.unansweredTitle")} onClose={dismiss}>
      <p>{isRefused ? join.error.message : t("join.unansweredText")}</p>
      <Button onClick={() => void joining.join(join.wish)}>{t("join.retry")}</Button>
      <Button kind="quiet" onClick={dismiss}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}

/** The player's own limit forbids it: trying again changes nothing before it ends, or is changed. */
function Limited({ limit }: { limit: OwnLimit }): ReactNode {
  const { t, i18n } = useTranslation();
  const { joining, navigation, room } = useServices();
  const dismiss = (): void => {
    joining.dismiss();
  };
  const moment = formatMoment(limit.until_ms, i18n.language);
  return (
    <Sheet title={t("join.refusedTitle")} onClose={dismiss}>
      <p>
        {limit.limit === "excluded"
          ? t("limits.joinExcluded", { moment })
          : t("limits.joinDaily", {
              limit: t("money.stars", { count: limit.daily_stars }),
              spent: t("money.stars", { count: limit.spent_stars }),
              moment,
            })}
      </p>
      <Button
        kind="plain"
        onClick={() => {
          dismiss();
          // One who wanted to play again stands in a room that is over.
          room.close();
          navigation.go({ name: "limits" });
        }}
      >
        {t("limits.title")}
      </Button>
      <Button kind="quiet" onClick={dismiss}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
