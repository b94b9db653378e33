/** Taking Stars out, by the ways that this server offers, and what became of it. */
import "../texts/money";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { PagedList } from "../api/paged-list";
import type {
  Offers,
  Review,
  User,
  Withdraw as WithdrawBody,
  Withdrawal,
} from "../protocol/generated";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { useStore } from "../state/use-store";
import { formatMoment } from "../texts/moments";
import { Amount, QuietStars } from "../ui/Amount";
import { Row } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Tabs } from "../ui/Tabs";
import { usePaged } from "../ui/use-paged";
import { formatCoins } from "./amounts";
import { Balance } from "./Balance";
import { ConfirmWithdrawal } from "./ConfirmWithdrawal";
import { PageList } from "./PageList";
import { usePayments } from "./payments";
import { PremiumTerms, TonAmount } from "./WithdrawMethods";
import styles from "./money.module.css";

export default function Withdraw({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { offers } = useServices();
  const offered = useStore(offers);
  const { api } = usePayments();
  const [review, setReview] = useState<Review | null>(null);
  const pages = usePaged(
    () =>
      new PagedList<Withdrawal>(
        async (cursor) => {
          const { withdrawals, next_cursor, review: open } = await api.withdrawals(cursor);
          setReview(open);
          return { items: withdrawals, next: next_cursor };
        },
        (each) => each.withdrawal_id,
      ),
  );
  return (
    <Screen title={t("withdraw.title")} hasBack>
      <Balance user={user} />
      {review !== null && <UnderReview review={review} />}
      {offered === null ? (
        <Skeleton height={260} radius={20} />
      ) : (
        <Methods user={user} offers={offered} onAsked={pages.refresh} />
      )}
      <PageList
        pages={pages}
        title={t("withdraw.list")}
        empty={t("withdraw.empty")}
        row={(each) => (
          <WithdrawalRow
            key={each.withdrawal_id}
            withdrawal={each}
            coin={offered?.ton_label ?? "TON"}
          />
        )}
      />
    </Screen>
  );
}

/** Why nothing, or not everything, is paid out now, and until when as a rule. */
function UnderReview({ review }: { review: Review }): ReactNode {
  const { t, i18n } = useTranslation();
  const moment = formatMoment(review.due_ms, i18n.language);
  const words = (): string => {
    switch (review.why) {
      case "game":
        return t("withdraw.reviewGame", { moment });
      case "winnings":
        return t("withdraw.reviewWinnings", {
          moment,
          stars: t("money.starsAccusative", { count: review.stars }),
        });
      case "unjudged":
        return t("withdraw.reviewUnjudged", { moment });
    }
  };
  return (
    <section className={styles.review} role="status">
      <h2>{t("withdraw.reviewTitle")}</h2>
      <p>{words()}</p>
    </section>
  );
}

interface MethodsProps {
  readonly user: User;
  readonly offers: Offers;
  readonly onAsked: () => void;
}

function Methods({ user, offers, onAsked }: MethodsProps): ReactNode {
  const { t } = useTranslation();
  const { ton, premium, premium_months } = offers.withdrawals;
  const [method, setMethod] = useState<"ton" | "premium">(ton ? "ton" : "premium");
  const [asked, setAsked] = useState<WithdrawBody | null>(null);
  const [round, setRound] = useState(0);
  if (!ton && !premium) return <p className={styles.empty}>{t("withdraw.none")}</p>;
  return (
    <>
      {ton && premium && (
        <Tabs
          label={t("withdraw.method")}
          tabs={[
            { id: "ton", text: offers.ton_label },
            { id: "premium", text: t("withdraw.premium") },
          ]}
          chosen={method}
          onChoose={setMethod}
        />
      )}
      {method === "ton" ? (
        <TonAmount key={round} user={user} offers={offers} onAsk={setAsked} />
      ) : (
        <PremiumTerms user={user} terms={premium_months} onAsk={setAsked} />
      )}
      <p className={styles.plain}>{t("withdraw.how")}</p>
      {asked !== null && (
        <ConfirmWithdrawal
          body={asked}
          user={user}
          offers={offers}
          onClose={() => {
            setAsked(null);
          }}
          onDone={() => {
            setAsked(null);
            setRound(round + 1);
            onAsked();
          }}
          onFailed={onAsked}
        />
      )}
    </>
  );
}

function WithdrawalRow({ withdrawal, coin }: { withdrawal: Withdrawal; coin: string }): ReactNode {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const { ton, months, state, hold_until_ms, requested_ms, closed_ms } = withdrawal;
  const what =
    ton === null
      ? t("withdraw.months", { count: months ?? 0 })
      : `${formatCoins(ton.nanoton, language)} ${coin}`;
  const words = (): string => {
    switch (state) {
      case "held":
        return t("withdraw.held", { moment: formatMoment(hold_until_ms, language) });
      case "approval":
        return t(
          withdrawal.waits_for === "review" ? "withdraw.waitsForReview" : "withdraw.approval",
        );
      case "sending":
        return t("withdraw.sending");
      case "sent":
        return t("withdraw.sent", { moment: formatMoment(closed_ms ?? requested_ms, language) });
      case "returned":
        return t("withdraw.returned");
    }
  };
  // What came back was not taken.
  const value =
    state === "returned" ? (
      <QuietStars stars={withdrawal.stars} />
    ) : (
      <Amount stars={-withdrawal.stars} />
    );
  return <Row label={what} hint={words()} value={value} />;
}
