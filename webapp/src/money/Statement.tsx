/** Every change of the balance, in words. */
import "../texts/money";
import "../texts/profile";
import { type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { PagedList } from "../api/paged-list";
import type { StatementEntry } from "../protocol/generated";
import { useServices } from "../services/context";
import { formatMoment } from "../texts/moments";
import { reasonKey } from "../texts/reasons";
import { Amount } from "../ui/Amount";
import { Parts, Row } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { usePaged } from "../ui/use-paged";
import { PageList } from "./PageList";
import { usePayments } from "./payments";

type Kind = keyof typeof KINDS;

const KINDS = {
  grant: "statement.grant",
  stake: "statement.stake",
  refund: "statement.refund",
  settle: "statement.settle",
  bonus: "statement.bonus",
  deposit: "statement.deposit",
  deposit_refund: "statement.depositRefund",
  chargeback: "statement.chargeback",
  debt: "statement.debt",
  withdrawal: "statement.withdrawal",
  withdrawal_return: "statement.withdrawalReturn",
} as const;

function wordsOf(kind: string): (typeof KINDS)[Kind] | "statement.other" {
  return kind in KINDS ? KINDS[kind as Kind] : "statement.other";
}

export default function Statement(): ReactNode {
  const { t, i18n } = useTranslation();
  const { navigation } = useServices();
  const { api } = usePayments();
  const pages = usePaged(
    () =>
      new PagedList<StatementEntry>(
        async (cursor) => {
          const { entries, next_cursor } = await api.statement(cursor);
          return { items: entries, next: next_cursor };
        },
        (each) => each.entry_id,
      ),
  );
  const row = (entry: StatementEntry): ReactNode => {
    const { amount, balance_after, kind, reason, role, room_id } = entry;
    const words =
      kind === "settle" && role === "organizer"
        ? t("transfers.organizer")
        : kind === "deposit_refund" && amount > 0
          ? t("statement.depositRefundRefused")
          : t(wordsOf(kind));
    // Of a debt it is told which Stars paid it.
    const whyKey =
      kind === "refund"
        ? reasonKey(reason)
        : kind === "debt" && reason !== null && reason in KINDS
          ? wordsOf(reason)
          : null;
    const why = whyKey === null ? null : t(whyKey);
    const moment = formatMoment(entry.created_ms, i18n.language);
    const after = t("statement.after", { amount: balance_after.toLocaleString(i18n.language) });
    return (
      <Row
        key={entry.entry_id}
        label={words}
        hint={<Parts all={[why, moment, after].filter((part) => part !== null)} />}
        value={
          <Amount stars={amount} isQuiet={kind === "refund" || kind === "withdrawal_return"} />
        }
        {...(room_id !== null && role !== null
          ? {
              onClick: () => {
                navigation.go({ name: "game", id: room_id });
              },
            }
          : {})}
      />
    );
  };
  return (
    <Screen title={t("statement.title")} hasBack>
      <PageList pages={pages} empty={t("statement.empty")} row={row} />
    </Screen>
  );
}
