/** Why a key leads nowhere now. */
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import type { Refusal } from "./key-entry";
import styles from "./create.module.css";

export function RefusedKey({
  refusal,
  onAgain,
}: {
  refusal: Refusal;
  onAgain: () => void;
}): ReactNode {
  const { t } = useTranslation();
  switch (refusal.kind) {
    case "unknown":
      return <Said title={t("key.unknownTitle")} text={t("key.unknownText")} />;
    case "gone":
      return <Said title={t("key.goneTitle")} text={t("key.goneText")} />;
    case "limited":
      return <Limited againAtMs={refusal.againAtMs} />;
    case "unreachable":
      return (
        <Said title={t("connection.unreachable")} text={t("key.nothingTaken")}>
          <Button kind="quiet" onClick={onAgain}>
            {t("login.reload")}
          </Button>
        </Said>
      );
    case "refused":
      return (
        <Said title={t("key.refusedTitle")} text={refusal.message}>
          <Button kind="quiet" onClick={onAgain}>
            {t("login.reload")}
          </Button>
        </Said>
      );
  }
}

function Said({
  title,
  text,
  children,
}: {
  title: string;
  text: string;
  children?: ReactNode;
}): ReactNode {
  return (
    <div className={styles.refused}>
      <strong>{title}</strong>
      <p>{text}</p>
      {children}
    </div>
  );
}

/** Guessing is limited; it is looked up again by itself when the wait is over. */
function Limited({ againAtMs }: { againAtMs: number }): ReactNode {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState(() => secondsUntil(againAtMs));
  useEffect(() => {
    const timer = setInterval(() => {
      setSeconds(secondsUntil(againAtMs));
    }, 250);
    return () => {
      clearInterval(timer);
    };
  }, [againAtMs]);
  return <Said title={t("key.limitedTitle")} text={t("key.limitedText", { count: seconds })} />;
}

function secondsUntil(ms: number): number {
  return Math.max(1, Math.ceil((ms - Date.now()) / 1000));
}
