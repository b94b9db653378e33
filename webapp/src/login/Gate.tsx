/** What is shown while nobody is in, and why. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Splash } from "../ui/Splash";
import styles from "./login.module.css";

export function Starting({ isUnreachable }: { isUnreachable: boolean }): ReactNode {
  const { t } = useTranslation();
  return <Splash text={t(isUnreachable ? "login.unreachable" : "login.starting")} />;
}

export function Refused({ code, message }: { code: string; message: string }): ReactNode {
  const { t } = useTranslation();
  if (code === "banned") return <Stop title={t("login.bannedTitle")} text={message} />;
  if (code === "init_data_expired") {
    return <Stop title={t("login.expiredTitle")} text={t("login.expiredText")} />;
  }
  return (
    <Stop title={t("login.refusedTitle")} text={message}>
      <Button
        onClick={() => {
          window.location.reload();
        }}
      >
        {t("login.reload")}
      </Button>
    </Stop>
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
      <p>{text}</p>
      {children}
    </main>
  );
}
