import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { wholeNumber } from "../texts/numbers";
import styles from "./ui.module.css";

/** An amount of Stars: the number and the sign for eyes, the words for ears. */
export function Stars({
  amount,
  shown = amount,
  sign = "",
}: {
  amount: number;
  /** Another number for the eyes, while it runs up to the amount. */
  shown?: number;
  sign?: string | undefined;
}): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <span className={styles.stars}>
      <span aria-hidden="true">
        {sign}
        {wholeNumber(shown, i18n.language)}
      </span>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 1.8l3 6.7 7.2.8-5.4 4.9 1.5 7.2L12 17.7l-6.3 3.7 1.5-7.2L1.8 9.300 9 8.500z" />
      </svg>
      <span className="visually-hidden">{t("money.stars", { count: amount })}</span>
    </span>
  );
}
