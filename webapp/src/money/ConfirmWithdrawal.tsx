/** The last word before Stars leave the balance. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { useServices } from "../app/context";
import type { Offers, User, Withdraw } from "../protocol/generated";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import { friendly, short } from "./address";
import { useDesk } from "./desk";
import { formatMoment } from "../texts/moments";
import styles from "./money.module.css";

interface ConfirmWithdrawalProps {
  readonly body: Withdraw;
  readonly user: User;
  readonly offers: Offers;
  readonly onClose: () => void;
  readonly onDone: () => void;
  /** It may have been taken all the same: what is shown of withdrawals is to be looked up anew. */
  readonly onFailed: () => void;
}

export function ConfirmWithdrawal(props: ConfirmWithdrawalProps): ReactNode {
  const { body, user, offers, onClose, onDone, onFailed } = props;
  const { t, i18n } = useTranslation();
  const { refreshUser, telegram } = useServices();
  const desk = useDesk();
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const words = (error: unknown): string => {
    if (!(error instanceof ApiError)) return t("pay.unreachable");
    const { limit, until_ms } = error.details;
    if (error.code === "limit_reached" && typeof until_ms === "number") {
      const moment = formatMoment(until_ms, i18n.language);
      return limit === "house_day"
        ? t("withdraw.houseLimit", { moment })
        : t("withdraw.accountLimit", { moment });
    }
    return error.code === "conflict" ? t("withdraw.noWay") : error.message;
  };
  const ask = async (): Promise<void> => {
    setIsBusy(true);
    setRefusal(null);
    try {
      await desk.withdraw(body, user.wallet);
      telegram.haptic("success");
      await refreshUser();
      onDone();
    } catch (error) {
      setIsBusy(false);
      setRefusal(words(error));
      void refreshUser();
      onFailed();
    }
  };
  const stars = t("money.stars", { count: body.stars });
  return (
    <Sheet title={t("withdraw.confirmTitle")} {...(isBusy ? {} : { onClose })}>
      <p>
        {body.method === "premium"
          ? t("withdraw.confirmPremium", {
              stars,
              months: t("withdraw.months", { count: body.months ?? 0 }),
            })
          : t("withdraw.confirmTon", {
              stars,
              coin: offers.ton_label,
              address: short(friendly(user.wallet ?? "", offers.ton_network)),
            })}
      </p>
      {refusal !== null && (
        <p role="alert" className={styles.alert}>
          {refusal}
        </p>
      )}
      <Button disabled={isBusy} onClick={() => void ask()}>
        {isBusy ? t("pay.ordering") : t("withdraw.confirm")}
      </Button>
      <Button kind="quiet" disabled={isBusy} onClick={onClose}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
