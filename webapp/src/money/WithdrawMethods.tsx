/** What one says before taking Stars out: how many as TON, or how many months of Premium. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Offers, User, Withdraw } from "../protocol/generated";
import { Button } from "../ui/Button";
import { Row, Rows } from "../ui/Rows";
import { Stars } from "../ui/Stars";
import { friendly, short } from "./address";
import { AmountField } from "./AmountField";
import { readStars } from "./amounts";
import { WalletSection } from "./WalletSection";
import styles from "./money.module.css";

interface TonAmountProps {
  readonly user: User;
  readonly offers: Offers;
  readonly onAsk: (body: Withdraw) => void;
}

export function TonAmount({ user, offers, onAsk }: TonAmountProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  if (user.wallet === null) {
    return (
      <>
        <p className={styles.plain}>{t("withdraw.noWallet")}</p>
        <WalletSection user={user} />
      </>
    );
  }
  const { min, max } = offers.withdrawal_stars;
  const most = Math.min(max, user.balance);
  const stars = readStars(text);
  const isRight = stars !== null && stars >= min && stars <= most;
  const bounds =
    most < min
      ? t("withdraw.tooLittle", { min: t("money.starsGenitive", { count: min }) })
      : t("deposit.bounds", { min, max: t("money.starsGenitive", { count: most }) });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) onAsk({ method: "ton", stars });
      }}
    >
      <AmountField
        label={t("withdraw.amount")}
        text={text}
        presets={most >= min ? [...new Set([min, most])] : []}
        hint={bounds}
        isWrong={text !== "" && !isRight}
        onChange={setText}
      />
      <p className={styles.plain}>
        {t("withdraw.rate", {
          coin: offers.ton_label,
          address: short(friendly(user.wallet, offers.ton_network)),
        })}
      </p>
      {/* One thing with what stands under it. */}
      <div>
        <Button
          type="submit"
          whyNot={isRight ? null : text === "" && most >= min ? t("pay.enterAmount") : bounds}
        >
          {t("withdraw.next")}
        </Button>
      </div>
    </form>
  );
}

interface PremiumTermsProps {
  readonly user: User;
  readonly terms: Offers["withdrawals"]["premium_months"];
  readonly onAsk: (body: Withdraw) => void;
}

export function PremiumTerms({ user, terms, onAsk }: PremiumTermsProps): ReactNode {
  const { t } = useTranslation();
  if (user.telegram_id === null) return <p className={styles.plain}>{t("withdraw.noTelegram")}</p>;
  return (
    <Rows>
      {terms.map(({ months, stars }) => (
        <Row
          key={months}
          label={t("withdraw.months", { count: months })}
          whyNot={
            stars > user.balance
              ? t("withdraw.missing", {
                  stars: t("money.starsGenitive", { count: stars - user.balance }),
                })
              : null
          }
          value={<Stars amount={stars} />}
          onClick={() => {
            onAsk({ method: "premium", stars, months: months as 3 | 6 | 12 });
          }}
        />
      ))}
    </Rows>
  );
}
