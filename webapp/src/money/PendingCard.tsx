/** The card above the menu: a payment that waits for Telegram, or was left, with a way on and a way out. */
import "../texts/money";
import { type ComponentProps, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Stars } from "../ui/Stars";
import { formatSeconds, useRemaining } from "../ui/use-remaining";
import { usePayments } from "./payments";
import type { Pending } from "./pending";
import styles from "./pending.module.css";

type Left = Extract<Pending, { readonly name: "waiting" | "checking" }>;

export function PendingCard(): ReactNode {
  const { t } = useTranslation();
  const payments = usePayments();
  const pending = useStore(payments.pending);
  const dismiss = (): void => {
    payments.dismiss();
  };
  switch (pending.name) {
    case "none":
    case "entering":
      return null;
    case "paying":
      // A sheet of ours says so itself; Telegram's window may take seconds to open.
      return pending.isHere ? null : (
        <Card>
          <p>
            <strong>{t("pending.open")}</strong> <Stars amount={pending.payment.stars} />
          </p>
        </Card>
      );
    case "waiting":
    case "checking":
      return <Unfinished pending={pending} />;
    case "paid":
      return (
        <Card>
          <p>
            <strong>{t("pending.paid")}</strong> <Stars amount={pending.payment.stars} />
          </p>
          <div className={styles.actions}>
            <button
              type="button"
              className={styles.on}
              onClick={() => {
                payments.enter();
              }}
            >
              {t("pending.enter")}
            </button>
            <button type="button" onClick={dismiss}>
              {t("pending.notNow")}
            </button>
          </div>
        </Card>
      );
    case "review":
      return (
        <Card>
          <p className={styles.said}>{t("pending.review")}</p>
          <div className={styles.actions}>
            <button type="button" className={styles.only} onClick={dismiss}>
              {t("pending.understood")}
            </button>
          </div>
        </Card>
      );
  }
}

function Unfinished({ pending }: { pending: Left }): ReactNode {
  const { t } = useTranslation();
  const { clock, telegram } = useServices();
  const payments = usePayments();
  const [isCancelling, setIsCancelling] = useState(false);
  const left = useRemaining(clock, pending.payment.expires_ms);
  const isChecking = pending.name === "checking";
  const cancel = async (): Promise<void> => {
    setIsCancelling(true);
    await payments.cancel();
    setIsCancelling(false);
  };
  return (
    <Card data-bounces={!isChecking} data-testid="pending">
      <p>
        <strong>{t(isChecking ? "pending.checking" : "pending.unfinished")}</strong>{" "}
        <Stars amount={pending.payment.stars} />
        {!isChecking && <small role="timer">{t("ton.left", { time: formatSeconds(left) })}</small>}
      </p>
      <div className={styles.actions}>
        <button
          type="button"
          className={styles.on}
          onClick={() => {
            telegram.haptic("select");
            payments.resume();
          }}
        >
          {t("pending.continue")}
        </button>
        <button
          type="button"
          aria-disabled={isCancelling}
          onClick={isCancelling ? undefined : () => void cancel()}
        >
          {t("pending.cancel")}
        </button>
      </div>
    </Card>
  );
}

function Card(props: ComponentProps<"section">): ReactNode {
  const { t } = useTranslation();
  return <section {...props} className={styles.card} aria-label={t("pending.label")} />;
}
