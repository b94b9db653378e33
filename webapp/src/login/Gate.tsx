/** What is shown while nobody is in, and why. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { ReloadButton } from "../ui/ReloadButton";
import { Splash } from "../ui/Splash";
import styles from "./login.module.css";

export function Starting({ isUnreachable }: { isUnreachable: boolean }): ReactNode {
  const { t } = useTranslation();
  return <Splash text={t(isUnreachable ? "login.unreachable" : "login.starting")} />;
}

interface RefusedProps {
  readonly code: string;
  readonly message: string;
  readonly reason: string | null;
}

export function Refused({ code, message, reason }: RefusedProps): ReactNode {
  const { t } = useTranslation();
  if (code === "banned") {
    return (
      <Stop
        title={t("login.bannedTitle")}
        text={reason === null ? message : t("login.bannedReason", { reason })}
      >
        <ToAppeal />
      </Stop>
    );
  }
  if (code === "init_data_expired") {
    return <Stop title={t("login.expiredTitle")} text={t("login.expiredText")} />;
  }
  return (
    <Stop title={t("login.refusedTitle")} text={message}>
      <ReloadButton />
    </Stop>
  );
}

/** Whoever is refused everywhere is still heard by the bot; the way there is shown where its name is known. */
export function ToAppeal(): ReactNode {
  const { t } = useTranslation();
  const { offers, telegram } = useServices();
  const bot = useStore(offers)?.bot_username;
  return (
    <>
      <p>{t("login.bannedAppeal")}</p>
      {bot != null && (
        <Button
          kind="plain"
          onClick={() => {
            telegram.openLink(`https://t.me/${bot}`);
          }}
        >
          {t("login.toBot")}
        </Button>
      )}
    </>
  );
}

interface StopProps {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

function Stop({ title, text, children }: StopProps): ReactNode {
  return (
    <main className={styles.gate} role="alert">
      <h1>{title}</h1>
      <p dir="auto">{text}</p>
      {children}
    </main>
  );
}
