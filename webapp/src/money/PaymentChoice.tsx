/** When the balance is short: what is missing, and the ways to pay it.  The join goes on by itself once it is paid. */
import "../texts/money";
import { type ReactNode, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { JoinState } from "../join/joining";
import type { Offers } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import { useLoaded } from "../ui/use-loaded";
import { payInFor } from "./amounts";
import { methodsFor } from "./methods";
import type { Method } from "./money-api";
import { usePayments } from "./payments";
import { useRefusal } from "./use-refusal";
import styles from "./money.module.css";

type Short = Extract<JoinState, { readonly name: "insufficient" }>;

export function PaymentChoice({ join }: { join: Short }): ReactNode {
  const { t } = useTranslation();
  const { joining, offers } = useServices();
  const offered = useStore(offers);
  const dismiss = (): void => {
    joining.dismiss();
  };
  const missing = join.needed - join.balance;
  return (
    <Sheet title={t("join.insufficientTitle")} onClose={dismiss}>
      <p>
        {t("join.insufficientText", {
          needed: t("money.stars", { count: join.needed }),
          balance: t("money.stars", { count: join.balance }),
        })}
      </p>
      <p className={styles.missing}>
        <span>{t("pay.missing")}</span>
        <Stars amount={missing} />
      </p>
      {offered === null ? (
        <Skeleton height={52} radius={16} />
      ) : (
        <Methods join={join} missing={missing} offers={offered} />
      )}
      <div className={styles.after}>
        <Button kind="quiet" onClick={dismiss}>
          {t("join.close")}
        </Button>
      </div>
    </Sheet>
  );
}

interface MethodsProps {
  readonly join: Short;
  readonly missing: number;
  readonly offers: Offers;
}

function Methods({ join, missing, offers }: MethodsProps): ReactNode {
  const { t } = useTranslation();
  const { joining, navigation, room, session } = useServices();
  const payments = usePayments();
  const [busy, setBusy] = useState<Method | null>(null);
  const [refusal, refuse] = useRefusal();
  const { stars, ton } = methodsFor(session.user, offers);
  if (!stars && !ton) {
    return offers.deposits.stars ? (
      <p className={styles.plain}>{t("deposit.needsTelegram")}</p>
    ) : (
      <WithoutPaying balance={join.balance} offers={offers} />
    );
  }
  const amounts: Readonly<Record<Method, number | null>> = {
    stars: stars ? payInFor(missing, offers.deposit_stars) : null,
    ton: ton ? payInFor(missing, offers.deposit_ton_stars) : null,
  };
  const methods = (["stars", "ton"] as const).filter((method) => amounts[method] !== null);
  if (methods.length === 0) {
    return (
      <>
        <p className={styles.plain}>{t("pay.tooMuch")}</p>
        <Button
          onClick={() => {
            joining.dismiss();
            // The results of a game lie over every place.
            room.close();
            navigation.go({ name: "deposit" });
          }}
        >
          {t("pay.toDeposit")}
        </Button>
      </>
    );
  }
  const pay = async (method: Method, amount: number): Promise<void> => {
    setBusy(method);
    refuse(null);
    const refused = await payments.pay(method, amount, join.wish);
    setBusy(null);
    refuse(refused);
  };
  return (
    <div className={styles.methods}>
      {methods.map((method, index) => {
        const amount = amounts[method] ?? 0;
        return (
          <div key={method}>
            <Button
              kind={index === 0 ? "primary" : "quiet"}
              isBusy={busy !== null}
              onClick={() => void pay(method, amount)}
            >
              {busy === method
                ? t("pay.ordering")
                : method === "stars"
                  ? t("pay.withStars", { stars: t("money.starsAccusative", { count: amount }) })
                  : t("pay.withTon", { coin: offers.ton_label })}
            </Button>
            {amount > missing && (
              <small>
                {t("pay.atLeast", { stars: t("money.starsGenitive", { count: amount }) })}
              </small>
            )}
          </div>
        );
      })}
      {refusal !== null && <p role="alert">{refusal}</p>}
      <small>{t("pay.enters")}</small>
    </div>
  );
}

/** Where nothing can be paid in: what else there is to do, and a cheaper room only where there is one. */
function WithoutPaying({ balance, offers }: { balance: number; offers: Offers }): ReactNode {
  const { t } = useTranslation();
  const { api, joining, navigation, room, session } = useServices();
  const [tiers] = useLoaded(useCallback(() => api.tiers(), [api]));
  const isCheaper = tiers.name === "ready" && tiers.value.some(({ stake }) => stake <= balance);
  const run = session.user?.bonus?.state;
  const reward = run === "done" || run === "rewarded" ? undefined : offers.bonus_terms?.reward;
  const go = (name: "makeRoom" | "bonus"): void => {
    joining.dismiss();
    // The results of a game lie over every place.
    room.close();
    navigation.go({ name });
  };
  return (
    <div className={styles.methods}>
      <p className={styles.plain}>
        {t("pay.none")} {isCheaper && t("pay.cheaper")}{" "}
        {t("pay.makeRoomText", { part: offers.hero.organizer_bps / 100 })}
      </p>
      <Button
        kind="quiet"
        onClick={() => {
          go("makeRoom");
        }}
      >
        {t("pay.makeRoom")}
      </Button>
      {reward !== undefined && (
        <div>
          <Button
            kind="quiet"
            onClick={() => {
              go("bonus");
            }}
          >
            {t("pay.bonus", { stars: t("money.starsAccusative", { count: reward }) })}
          </Button>
        </div>
      )}
    </div>
  );
}
