/**
 * The page outside Telegram: how to come in there, and by e-mail without it.  A mail's link leads here too, whoever is in.
 *
 * Where one stands survives a reload; what was typed does not.
 */
import "../texts/account";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";
import { useServices } from "../services/context";
import type { Mailed } from "../session/mailed";
import { forget, recall, remember } from "../state/storage";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { LanguageSwitch } from "../ui/LanguageSwitch";
import { Skeleton } from "../ui/Skeleton";
import { AskForPassword, LogIn, Register, SetPassword, TakeBack, Verify } from "./sign-in-forms";
import styles from "./account.module.css";

export interface SignInProps {
  readonly link?: Mailed;
  /** One was in, and the time is over. */
  readonly hasEnded?: boolean;
}

const stepSchema = z.discriminatedUnion("name", [
  z.object({ name: z.enum(["start", "logIn", "register", "forgot"]) }),
  z.object({ name: z.enum(["registered", "forgotten"]), email: z.string() }),
]);
type Step = z.infer<typeof stepSchema>;

const KEY = "signIn";
const START: Step = { name: "start" };

export default function SignIn({ link, hasEnded = false }: SignInProps): ReactNode {
  const { t } = useTranslation();
  const { mailed, session } = useServices();
  const [step, setStep] = useState<Step>(() => recall(KEY, stepSchema) ?? START);
  // Who was let in begins at the start the next time.
  useEffect(
    () =>
      session.state.subscribe(() => {
        if (session.user) forget(KEY);
      }),
    [session],
  );
  const go = (next: Step): void => {
    remember(KEY, next);
    setStep(next);
  };
  const back = (): void => {
    if (link) mailed.done();
    else go(step.name === "forgot" ? { name: "logIn" } : START);
  };
  const isStart = !link && step.name === "start";
  return (
    <main className={styles.signIn}>
      <header>
        {!isStart && (
          <button type="button" className={styles.back} onClick={back}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M15 5l-7 7 7 7" />
            </svg>
            {t("account.back")}
          </button>
        )}
        <LanguageSwitch />
      </header>
      {link ? (
        <Link
          key={link.token}
          link={link}
          onForgotten={() => {
            go({ name: "forgot" });
            mailed.done();
          }}
          onTakenBack={() => {
            // Whatever step one stood at before the mail: what is to be done now is to log in.
            go({ name: "logIn" });
            mailed.done();
            // The session that this page may have is over.
            session.logOut();
          }}
        />
      ) : (
        <At step={step} go={go} hasEnded={hasEnded} />
      )}
    </main>
  );
}

interface LinkProps {
  readonly link: Mailed;
  readonly onForgotten: () => void;
  readonly onTakenBack: () => void;
}

function Link({ link, onForgotten, onTakenBack }: LinkProps): ReactNode {
  switch (link.purpose) {
    case "verify":
      return <Verify token={link.token} />;
    case "reset":
      return <SetPassword token={link.token} onForgotten={onForgotten} />;
    case "object":
      return <TakeBack token={link.token} onRead={onTakenBack} />;
  }
}

interface AtProps {
  readonly step: Step;
  readonly go: (step: Step) => void;
  readonly hasEnded: boolean;
}

function At({ step, go, hasEnded }: AtProps): ReactNode {
  const { t } = useTranslation();
  switch (step.name) {
    case "start":
      return <Start go={go} hasEnded={hasEnded} />;
    case "logIn":
      return (
        <LogIn
          onForgotten={() => {
            go({ name: "forgot" });
          }}
        />
      );
    case "register":
      return (
        <Register
          onSent={(email) => {
            go({ name: "registered", email });
          }}
        />
      );
    case "forgot":
      return (
        <AskForPassword
          onSent={(email) => {
            go({ name: "forgotten", email });
          }}
        />
      );
    case "registered":
      return (
        <Sent
          title={t("account.register.sentTitle")}
          text={t("account.register.sentText", { email: step.email })}
        >
          <Button
            kind="quiet"
            onClick={() => {
              go({ name: "register" });
            }}
          >
            {t("account.register.again")}
          </Button>
        </Sent>
      );
    case "forgotten":
      return (
        <Sent
          title={t("account.forgot.sentTitle")}
          text={t("account.forgot.sentText", { email: step.email })}
        />
      );
  }
}

function Start({ go, hasEnded }: Omit<AtProps, "step">): ReactNode {
  const { t } = useTranslation();
  const offers = useStore(useServices().offers);
  return (
    <section className={styles.start}>
      <img src="/icon.svg" alt="" width={96} height={96} />
      <h1>{t("account.signIn.title")}</h1>
      <p>{t("account.signIn.text")}</p>
      {hasEnded && <p role="status">{t("account.signIn.ended")}</p>}
      {!offers && <Skeleton height={52} radius={16} />}
      {offers?.bot_username != null && (
        <a className={styles.open} href={`https://t.me/${offers.bot_username}`}>
          {t("account.signIn.open")}
        </a>
      )}
      {offers?.email && (
        <>
          <span className={styles.or}>{t("account.signIn.or")}</span>
          <Button
            kind="quiet"
            onClick={() => {
              go({ name: "logIn" });
            }}
          >
            {t("account.signIn.logIn")}
          </Button>
          <Button
            kind="quiet"
            onClick={() => {
              go({ name: "register" });
            }}
          >
            {t("account.signIn.register")}
          </Button>
        </>
      )}
    </section>
  );
}

interface SentProps {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

function Sent({ title, text, children }: SentProps): ReactNode {
  return (
    <section className={styles.step} role="status">
      <svg className={styles.letter} viewBox="0 0 24 24" aria-hidden="true">
        <rect x="3" y="5" width="18" height="14" rx="3" />
        <path d="M4 7l8 6 8-6" />
      </svg>
      <h1>{title}</h1>
      <p>{text}</p>
      {children}
    </section>
  );
}
