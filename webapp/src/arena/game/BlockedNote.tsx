import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "./game.module.css";

/** Why one is out, what that means for the stake, and where it can be disputed. */
export function BlockedNote(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles.note} role="alert">
      <strong>{t("game.blockedTitle")}</strong>
      <p>{t("game.blockedText")}</p>
      <p>{t("game.blockedAppeal")}</p>
    </div>
  );
}
