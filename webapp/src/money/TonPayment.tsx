/** Paying in TON: what to send, by a wallet that is asked, or by hand with the comment.  Only the chain says that it came. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Offers, Payment, TonQuote, User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { CopySign } from "../ui/CopyButton";
import { Row, Rows } from "../ui/Rows";
import { Sheet } from "../ui/Sheet";
import { Stars } from "../ui/Stars";
import { formatSeconds, useRemaining } from "../ui/use-remaining";
import { friendly } from "./address";
import { formatCoins, typedCoins } from "./amounts";
import { usePayments } from "./payments";
import { type ConnectedWallet, WalletError, type WalletProblem, walletsOf } from "./ton-connect";
import { WalletPicker } from "./WalletPicker";
import styles from "./money.module.css";

interface TonPaymentProps {
  readonly payment: Payment;
  readonly quote: TonQuote;
  readonly user: User;
  readonly offers: Offers;
  /** It was sent perhaps: whoever sends again may pay twice. */
  readonly perhapsPaid: boolean;
}

type Sending =
  | { readonly name: "idle"; readonly problem: WalletProblem | null }
  /** `isAsked`: the request is with the wallet. */
  | { readonly name: "asking"; readonly isAsked: boolean }
  | { readonly name: "sent" };

export function TonPayment(props: TonPaymentProps): ReactNode {
  const { payment, quote, user, offers } = props;
  const { t } = useTranslation();
  const services = useServices();
  const { clock } = services;
  const payments = usePayments();
  const wallets = walletsOf(services, offers);
  const wallet = useStore(wallets.connected);
  const [sending, setSending] = useState<Sending>({ name: "idle", problem: null });
  const [isPicking, setIsPicking] = useState(false);
  const [isByHand, setIsByHand] = useState(false);
  const close = (): void => {
    payments.closed(sending.name !== "idle");
  };
  const send = async (): Promise<void> => {
    setSending({ name: "asking", isAsked: false });
    try {
      await wallets.send(quote, payment.expires_ms, clock.now(), () => {
        payments.handed(payment.payment_id, true);
        setSending({ name: "asking", isAsked: true });
      });
      setSending({ name: "sent" });
      payments.closed(true);
    } catch (error) {
      const problem = error instanceof WalletError ? error.problem : "failed";
      if (problem === "rejected") payments.handed(payment.payment_id, false);
      setSending({ name: "idle", problem });
    }
  };
  if (isPicking) {
    return (
      <WalletPicker
        offers={offers}
        isToLink={offers.wallet && !user.has_ton_wallet}
        onDone={() => {
          setIsPicking(false);
        }}
        onClose={() => {
          setIsPicking(false);
        }}
      />
    );
  }
  if (isByHand) {
    return (
      <ByHand
        {...props}
        onSent={() => {
          payments.closed(true);
        }}
        onBack={() => {
          setIsByHand(false);
        }}
      />
    );
  }
  return (
    <Sheet title={t("ton.title", { coin: offers.ton_label })} onClose={close}>
      <WhatToSend {...props} />
      <div className={styles.methods}>
        {sending.name === "idle" && sending.problem !== null && (
          <p role="alert" className={styles.alert}>
            {sending.problem === "rejected"
              ? t("ton.rejected")
              : sending.problem === "wrongNetwork"
                ? t("wallet.wrongNetwork")
                : t("ton.failed")}
          </p>
        )}
        {wallet === null ? (
          offers.wallet && (
            <Button
              onClick={() => {
                setIsPicking(true);
              }}
            >
              {t("ton.choose")}
            </Button>
          )
        ) : sending.name === "asking" ? (
          <Asking wallet={wallet} isAsked={sending.isAsked} />
        ) : (
          <Button onClick={() => void send()}>{t("ton.pay", { wallet: wallet.name })}</Button>
        )}
      </div>
      <div className={styles.after}>
        {sending.name !== "asking" && (
          <Button
            kind="quiet"
            onClick={() => {
              setIsByHand(true);
            }}
          >
            {t("ton.byHand")}
          </Button>
        )}
        <Button kind="quiet" onClick={close}>
          {t("join.close")}
        </Button>
      </div>
    </Sheet>
  );
}

function WhatToSend({ payment, quote, offers, perhapsPaid }: TonPaymentProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock } = useServices();
  const left = useRemaining(clock, payment.expires_ms);
  return (
    <>
      <div className={styles.quote}>
        <strong>
          {formatCoins(quote.nanoton, i18n.language)} {offers.ton_label}
        </strong>
        <span>
          <Stars amount={payment.stars} /> ·{" "}
          <span role="timer">{t("ton.left", { time: formatSeconds(left) })}</span>
        </span>
      </div>
      {perhapsPaid && <p className={styles.alert}>{t("ton.perhapsSent")}</p>}
    </>
  );
}

function Asking({ wallet, isAsked }: { wallet: ConnectedWallet; isAsked: boolean }): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  const { link } = wallet;
  return (
    <>
      <p role="status">{t("ton.confirm", { wallet: wallet.name })}</p>
      {isAsked && link !== null && (
        <Button
          onClick={() => {
            telegram.openLink(link);
          }}
        >
          {t("wallet.open", { wallet: wallet.name })}
        </Button>
      )}
    </>
  );
}

interface ByHandProps extends TonPaymentProps {
  readonly onSent: () => void;
  readonly onBack: () => void;
}

/** For a wallet that is not connected, an exchange's for one: the comment alone says whose payment it is. */
function ByHand({ onSent, onBack, ...payment }: ByHandProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { quote, offers } = payment;
  const network = quote.network === "testnet" ? "testnet" : "mainnet";
  const address = friendly(quote.address, network);
  const sum = `${formatCoins(quote.nanoton, i18n.language)} ${offers.ton_label}`;
  return (
    <Sheet title={t("ton.byHand")} onClose={onBack}>
      <WhatToSend {...payment} />
      <div className={styles.byHand}>
        <p>{t("ton.byHandText")}</p>
        <Rows>
          <ToCopy
            label={t("ton.amount")}
            shown={sum}
            text={typedCoins(quote.nanoton)}
            copy={t("ton.copyAmount")}
          />
          <ToCopy
            label={t("ton.address")}
            shown={address}
            text={address}
            copy={t("ton.copyAddress")}
          />
          <ToCopy
            label={t("ton.comment")}
            shown={quote.memo}
            text={quote.memo}
            copy={t("ton.copyComment")}
          />
        </Rows>
      </div>
      <div className={styles.after}>
        <Button kind="plain" onClick={onSent}>
          {t("ton.sentByHand")}
        </Button>
        <Button kind="quiet" onClick={onBack}>
          {t("menu.back")}
        </Button>
      </div>
    </Sheet>
  );
}

interface ToCopyProps {
  readonly label: string;
  readonly shown: string;
  readonly text: string;
  readonly copy: string;
}

function ToCopy({ label, shown, text, copy }: ToCopyProps): ReactNode {
  return (
    <Row
      label={label}
      hint={<span className={styles.code}>{shown}</span>}
      value={<CopySign text={text} label={copy} />}
    />
  );
}
