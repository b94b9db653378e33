/** The last word before Stars leave the balance. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { Offers, User, Withdraw } from "../protocol/generated";
import { useServices } from "../services/context";
import { formatMoment } from "../texts/moments";
import { Button } from "../ui/Button";
import { Row, Rows } from "../ui/Rows";
import { Sheet } from "../ui/Sheet";
import { Stars } from "../ui/Stars";
import { friendly } from "./address";
import { roughCoins } from "./amounts";
import { usePayments } from "./payments";
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
  const payments = usePayments();
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
    return error.code === "conflict" ? t("withdraw.noDestination") : error.message;
  };
  const ask = async (): Promise<void> => {
    setIsBusy(true);
    setRefusal(null);
    try {
      await payments.withdraw(body, user.wallet);
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
  return (
    <Sheet title={t("withdraw.confirmTitle")} {...(isBusy ? {} : { onClose })}>
      {body.method === "premium" ? (
        <p>
          {t("withdraw.confirmPremium", {
            stars: t("money.stars", { count: body.stars }),
            months: t("withdraw.months", { count: body.months ?? 0 }),
          })}
        </p>
      ) : (
        <TonTerms stars={body.stars} wallet={user.wallet ?? ""} offers={offers} />
      )}
      {refusal !== null && (
        <p role="alert" className={styles.alert}>
          {refusal}
        </p>
      )}
      <Button isBusy={isBusy} onClick={() => void ask()}>
        {isBusy ? t("pay.ordering") : t("withdraw.confirm")}
      </Button>
      <Button kind="quiet" isBusy={isBusy} onClick={onClose}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}

interface TonTermsProps {
  readonly stars: number;
  readonly wallet: string;
  readonly offers: Offers;
}

/** The whole address: what was sent to another is gone. */
function TonTerms({ stars, wallet, offers }: TonTermsProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { ton_label: coin, ton_network, withdrawals } = offers;
  const rate = withdrawals.nanoton_per_star;
  return (
    <div className={styles.byHand}>
      <p>{t("withdraw.confirmTon", { coin })}</p>
      <Rows>
        <Row label={t("withdraw.fromBalance")} value={<Stars amount={stars} />} />
        {rate !== null && (
          <Row
            label={t("withdraw.toWallet")}
            value={`≈ ${roughCoins(stars * rate, i18n.language)} ${coin}`}
          />
        )}
        <Row
          label={t("ton.address")}
          hint={<span className={styles.code}>{friendly(wallet, ton_network)}</span>}
        />
      </Rows>
    </div>
  );
}
