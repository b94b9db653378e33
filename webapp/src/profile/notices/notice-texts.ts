/** What each kind of notice says, and what it did to the balance. */
import type { ParseKeys } from "i18next";
import type { Notice } from "../../protocol/generated";

/** gain: Stars came in; back: one's own came back; loss: they are gone; aside: the balance did not change by it. */
export type Effect = "gain" | "back" | "loss" | "aside";

interface NoticeText {
  readonly title: ParseKeys;
  readonly effect: Effect;
  /** The reason is an operator's own words. */
  readonly isWritten?: true;
}

const NOTICE_TEXTS: Readonly<Record<Notice["kind"], NoticeText>> = {
  prize: { title: "notices.prize", effect: "gain" },
  organizer_fee: { title: "notices.organizerFee", effect: "gain" },
  refund: { title: "notices.refund", effect: "back" },
  cancelled: { title: "notices.cancelled", effect: "back" },
  blocked: { title: "notices.blocked", effect: "loss" },
  bonus: { title: "notices.bonus", effect: "gain" },
  payment_refund: { title: "notices.paymentRefund", effect: "aside" },
  withdrawal_return: { title: "notices.withdrawalReturn", effect: "back" },
  withdrawal_sent: { title: "notices.withdrawalSent", effect: "aside" },
  withdrawal_waits: { title: "notices.withdrawalWaits", effect: "aside" },
  chargeback: { title: "notices.chargeback", effect: "loss" },
  debt: { title: "notices.debt", effect: "loss" },
  banned: { title: "notices.banned", effect: "aside", isWritten: true },
  unbanned: { title: "notices.unbanned", effect: "aside" },
  appeal_answer: { title: "notices.appealAnswer", effect: "aside", isWritten: true },
};

const REFUND_REFUSED: NoticeText = { title: "notices.paymentRefundRefused", effect: "back" };

export function noticeText({ kind, reason }: Notice): NoticeText {
  return kind === "payment_refund" && reason === "refused" ? REFUND_REFUSED : NOTICE_TEXTS[kind];
}

/** What the notice did to the balance, for eyes; null where it did nothing or says no amount. */
export function shownAmount(notice: Notice): number | null {
  const { amount } = notice;
  const { effect } = noticeText(notice);
  if (amount === null || amount === 0 || effect === "aside") return null;
  return effect === "loss" ? -amount : amount;
}
