/** Every payment into the balance, with its state in words; what waits can be gone on with or given up. */
import "../texts/money";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PagedList } from "../api/paged-list";
import type { Payment } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { formatMoment } from "../texts/moments";
import { Amount, QuietStars } from "../ui/Amount";
import { Button } from "../ui/Button";
import { Parts, Row } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Sheet } from "../ui/Sheet";
import { usePaged } from "../ui/use-paged";
import { PageList } from "./PageList";
import { usePayments } from "./payments";
import { refusedBy } from "./refusals";
import { useRefusal } from "./use-refusal";

const STATES = {
  pending: "payments.pending",
  paid: "payments.paid",
  cancelled: "payments.cancelled",
  expired: "payments.expired",
  refunded: "payments.refunded",
  review: "payments.review",
} as const;

export default function Payments(): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock, frames, offers } = useServices();
  const { api } = usePayments();
  const coin = useStore(offers)?.ton_label ?? "TON";
  const [chosen, setChosen] = useState<Payment | null>(null);
  const pages = usePaged(
    () =>
      new PagedList<Payment>(
        async (cursor) => {
          const { payments, next_cursor } = await api.payments(cursor);
          return { items: payments, next: next_cursor };
        },
        (each) => each.payment_id,
      ),
  );
  const { refresh } = pages;
  useEffect(
    () =>
      frames.subscribe((frame) => {
        if (frame.type === "payment") refresh();
      }),
    [frames, refresh],
  );
  const close = (): void => {
    setChosen(null);
    refresh();
  };
  const row = (payment: Payment): ReactNode => {
    const isOpen = payment.state === "pending" && payment.expires_ms > clock.now();
    const state = payment.state === "pending" && !isOpen ? "expired" : payment.state;
    const method = payment.method === "stars" ? t("payments.stars") : coin;
    return (
      <Row
        key={payment.payment_id}
        label={t(STATES[state])}
        hint={
          <Parts
            all={[method, formatMoment(payment.paid_ms ?? payment.created_ms, i18n.language)]}
          />
        }
        value={
          payment.state === "paid" ? (
            <Amount stars={payment.credited} />
          ) : (
            <QuietStars stars={payment.stars} />
          )
        }
        {...(isOpen
          ? {
              onClick: () => {
                setChosen(payment);
              },
            }
          : {})}
      />
    );
  };
  return (
    <Screen title={t("payments.title")} hasBack>
      <PageList pages={pages} empty={t("payments.empty")} row={row} />
      {chosen !== null && <Open payment={chosen} onClose={close} />}
    </Screen>
  );
}

function Open({ payment, onClose }: { payment: Payment; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const payments = usePayments();
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, refuse] = useRefusal();
  const cancel = async (): Promise<void> => {
    setIsBusy(true);
    try {
      payments.seen(await payments.api.cancel(payment.payment_id));
      onClose();
    } catch (error) {
      setIsBusy(false);
      refuse(refusedBy(error));
    }
  };
  return (
    <Sheet title={t("payments.pending")} onClose={onClose}>
      <p>{t("payments.openText", { stars: t("money.stars", { count: payment.stars }) })}</p>
      {refusal !== null && <p role="alert">{refusal}</p>}
      <Button
        onClick={() => {
          onClose();
          payments.take(payment);
        }}
      >
        {t("pending.continue")}
      </Button>
      <Button kind="quiet" isBusy={isBusy} onClick={() => void cancel()}>
        {t("pending.cancel")}
      </Button>
      <Button kind="quiet" onClick={onClose}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
