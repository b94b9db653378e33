/** Paying in, by the ways that this server offers. */
import "../texts/money";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Offers, User } from "../protocol/generated";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Row, Rows } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Tabs } from "../ui/Tabs";
import { AmountField } from "./AmountField";
import { readStars } from "./amounts";
import { Balance } from "./Balance";
import { methodsFor } from "./methods";
import type { Method } from "./money-api";
import { usePayments } from "./payments";
import { useRefusal } from "./use-refusal";
import styles from "./money.module.css";

const PRESETS = [50, 100, 300, 500, 1000] as const;

export default function Deposit({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { navigation, offers } = useServices();
  const offered = useStore(offers);
  return (
    <Screen title={t("deposit.title")} hasBack>
      <Balance user={user} />
      {offered === null ? (
        <Skeleton height={260} radius={20} />
      ) : (
        <Form offers={offered} user={user} />
      )}
      <Rows>
        <Row
          label={t("payments.title")}
          onClick={() => {
            navigation.go({ name: "payments" });
          }}
        />
      </Rows>
    </Screen>
  );
}

function Form({ offers, user }: { offers: Offers; user: User }): ReactNode {
  const { t } = useTranslation();
  const payments = usePayments();
  const { stars, ton } = methodsFor(user, offers);
  const [method, setMethod] = useState<Method>(stars ? "stars" : "ton");
  const [text, setText] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, refuse] = useRefusal();
  if (!stars && !ton) {
    const why = offers.deposits.stars ? "deposit.needsTelegram" : "deposit.none";
    return <p className={styles.empty}>{t(why)}</p>;
  }
  const { min, max } = method === "stars" ? offers.deposit_stars : offers.deposit_ton_stars;
  const amount = readStars(text);
  const isRight = amount !== null && amount >= min && amount <= max;
  const bounds = t("deposit.bounds", { min, max: t("money.starsGenitive", { count: max }) });
  const pay = async (): Promise<void> => {
    if (!isRight) return;
    setIsBusy(true);
    refuse(null);
    refuse(await payments.pay(method, amount, null));
    setIsBusy(false);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void pay();
      }}
    >
      {stars && ton && (
        <Tabs
          label={t("deposit.method")}
          tabs={[
            { id: "stars", text: t("deposit.stars") },
            { id: "ton", text: offers.ton_label },
          ]}
          chosen={method}
          onChoose={setMethod}
        />
      )}
      <AmountField
        label={t("deposit.amount")}
        text={text}
        presets={PRESETS.filter((each) => each >= min && each <= max)}
        hint={bounds}
        isWrong={text !== "" && !isRight}
        onChange={setText}
      />
      <p className={styles.plain}>
        {method === "stars"
          ? t("deposit.starsText")
          : t("deposit.tonText", { coin: offers.ton_label })}
      </p>
      {refusal !== null && (
        <p role="alert" className={styles.alert}>
          {refusal}
        </p>
      )}
      {/* One thing with what stands under it. */}
      <div>
        <Button
          type="submit"
          isBusy={isBusy}
          whyNot={isRight ? null : text === "" ? t("pay.enterAmount") : bounds}
        >
          {isBusy ? t("pay.ordering") : t("deposit.pay")}
        </Button>
      </div>
    </form>
  );
}
