/** Choosing a wallet and waiting for it.  The list is fetched when this opens, and not before. */
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { Offers } from "../protocol/generated";
import { useServices } from "../services/context";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import { Skeleton } from "../ui/Skeleton";
import { useLoaded } from "../ui/use-loaded";
import { usePayments } from "./payments";
import { type Connecting, type WalletChoice, WalletError, walletsOf } from "./ton-connect";
import { WalletIcon } from "./WalletIcon";
import styles from "./money.module.css";

const QrCode = lazy(() => import("./QrCode"));

interface WalletPickerProps {
  readonly offers: Offers;
  /** Make it the account's too, with a proof; otherwise it only pays. */
  readonly isToLink: boolean;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

type Step =
  | { readonly name: "choosing"; readonly problem: string | null }
  | { readonly name: "opening"; readonly choice: WalletChoice }
  | { readonly name: "waiting"; readonly choice: WalletChoice; readonly link: string | null }
  | { readonly name: "linking"; readonly choice: WalletChoice };

export function WalletPicker({ offers, isToLink, onDone, onClose }: WalletPickerProps): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram, refreshUser } = services;
  const { api } = usePayments();
  const wallets = walletsOf(services, offers);
  const [step, setStep] = useState<Step>({ name: "choosing", problem: null });
  const [choices, reload] = useLoaded(useCallback(() => wallets.choices(), [wallets]));
  const connecting = useRef<Connecting | null>(null);
  useEffect(
    () => () => {
      connecting.current?.stop();
    },
    [],
  );

  const fail = (error: unknown): void => {
    const problem = error instanceof WalletError ? error.problem : null;
    setStep({
      name: "choosing",
      problem:
        error instanceof ApiError
          ? error.code === "conflict"
            ? t("wallet.taken")
            : error.message
          : problem === "rejected"
            ? t("wallet.rejected")
            : problem === "wrongNetwork"
              ? t("wallet.wrongNetwork")
              : t("wallet.failed"),
    });
  };
  const choose = async (choice: WalletChoice): Promise<void> => {
    setStep({ name: "opening", choice });
    try {
      const challenge = isToLink ? (await api.proof()).payload : null;
      const asked = await wallets.connect(choice, challenge);
      connecting.current = asked;
      setStep({ name: "waiting", choice, link: asked.link });
      if (asked.link !== null && isPhone()) telegram.openLink(asked.link);
      const { body } = await asked.proven;
      connecting.current = null;
      if (body) {
        setStep({ name: "linking", choice });
        try {
          await api.linkWallet(body);
        } catch (error) {
          await wallets.disconnect();
          throw error;
        }
        await refreshUser();
        telegram.haptic("success");
      }
      onDone();
    } catch (error) {
      fail(error);
    }
  };
  const again = (): void => {
    connecting.current?.stop();
    setStep({ name: "choosing", problem: null });
  };

  return (
    <Sheet title={t(isToLink ? "wallet.linkTitle" : "wallet.title")} onClose={onClose}>
      {step.name === "choosing" ? (
        <>
          {step.problem === null ? (
            <p>{t(isToLink ? "wallet.linkText" : "wallet.text")}</p>
          ) : (
            <p role="alert" className={styles.alert}>
              {step.problem}
            </p>
          )}
          {choices.name === "failed" ? (
            <Button kind="plain" onClick={reload}>
              {t("login.reload")}
            </Button>
          ) : (
            <ul className={styles.wallets} aria-busy={choices.name === "loading"}>
              {choices.name === "loading"
                ? Array.from({ length: 8 }, (_, index) => (
                    <li key={index}>
                      <Skeleton height={92} radius={18} />
                    </li>
                  ))
                : choices.value.map((choice) => (
                    <li key={choice.id}>
                      <button type="button" onClick={() => void choose(choice)}>
                        <WalletIcon name={choice.name} url={choice.iconUrl} />
                        <span>{choice.name}</span>
                      </button>
                    </li>
                  ))}
            </ul>
          )}
        </>
      ) : (
        <div className={styles.connecting}>
          <WalletIcon name={step.choice.name} url={step.choice.iconUrl} />
          <p role="status">
            {step.name === "linking"
              ? t("wallet.linking")
              : t("wallet.confirm", { wallet: step.choice.name })}
          </p>
          {step.name === "waiting" && step.link !== null && (
            <WalletLink link={step.link} name={step.choice.name} />
          )}
          {step.name !== "linking" && (
            <Button kind="quiet" onClick={again}>
              {t("wallet.other")}
            </Button>
          )}
        </div>
      )}
      <div className={styles.after}>
        <Button kind="quiet" onClick={onClose}>
          {t("join.close")}
        </Button>
      </div>
    </Sheet>
  );
}

function WalletLink({ link, name }: { link: string; name: string }): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  return (
    <>
      {!isPhone() && (
        <>
          <Suspense fallback={<Skeleton height={208} width="208px" radius={18} />}>
            <QrCode text={link} label={t("wallet.scan", { wallet: name })} />
          </Suspense>
          <p>{t("wallet.scan", { wallet: name })}</p>
        </>
      )}
      <Button
        onClick={() => {
          telegram.openLink(link);
        }}
      >
        {t("wallet.open", { wallet: name })}
      </Button>
    </>
  );
}

/** Whoever has only a finger has the wallet's app on the same device. */
function isPhone(): boolean {
  return !window.matchMedia("(hover: hover) and (pointer: fine)").matches;
}
