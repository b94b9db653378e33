/** What of a payment needs a sheet of ours: TON, and an invoice where Telegram cannot open it over the page. */
import "../texts/money";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Offers, User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import { usePayments } from "./payments";
import { walletsOf } from "./ton-connect";
import { TonPayment } from "./TonPayment";

export function PaymentSheets({ user, offers }: { user: User; offers: Offers }): ReactNode {
  const services = useServices();
  const payments = usePayments();
  const pending = useStore(payments.pending);
  const hasWallet = user.has_ton_wallet && offers.wallet;
  useEffect(() => {
    payments.start();
  }, [payments]);
  useEffect(() => {
    // The account's wallet, where this device was connected to one: otherwise nothing is loaded, and nothing opens.
    if (hasWallet) {
      walletsOf(services, offers)
        .restore()
        .catch(() => undefined);
    }
  }, [services, offers, hasWallet]);
  if (pending.name !== "paying" || !pending.isHere) return null;
  const { payment } = pending;
  if (payment.ton !== null) {
    return (
      <TonPayment
        key={payment.payment_id}
        payment={payment}
        quote={payment.ton}
        user={user}
        offers={offers}
        perhapsPaid={pending.perhapsPaid}
      />
    );
  }
  return payment.invoice_link === null ? null : (
    <Invoice link={payment.invoice_link} stars={payment.stars} />
  );
}

function Invoice({ link, stars }: { link: string; stars: number }): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  const payments = usePayments();
  const close = (): void => {
    payments.closed(false);
  };
  return (
    <Sheet title={t("pay.invoiceTitle")} onClose={close}>
      <p>{t("pay.invoiceText", { stars: t("money.starsAccusative", { count: stars }) })}</p>
      <Button
        onClick={() => {
          telegram.openLink(link);
          payments.closed(true);
        }}
      >
        {t("pay.openInvoice")}
      </Button>
      <Button kind="quiet" onClick={close}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
