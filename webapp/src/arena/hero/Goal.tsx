import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "./race.module.css";

/** Reaching it ends the game at once. */
export function Goal({ target }: { target: number }): ReactNode {
  const { t } = useTranslation();
  return <span className={styles.target}>{t("hero.goal", { count: target })}</span>;
}
