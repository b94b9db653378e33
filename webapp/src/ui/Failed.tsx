import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import styles from "./failed.module.css";

/** In place of what could not be loaded.  `message` is the server's; null when it was out of reach. */
export function Failed({
  message,
  onRetry,
}: {
  message: string | null;
  onRetry: () => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles.failed} role="alert">
      <p>{message ?? t("connection.unreachable")}</p>
      <Button kind="quiet" onClick={onRetry}>
        {t("login.reload")}
      </Button>
    </div>
  );
}
