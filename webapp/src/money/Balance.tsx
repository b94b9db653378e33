import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { Stars } from "../ui/Stars";
import styles from "./money.module.css";

export function Balance({ user }: { user: User }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className={styles.balance} data-testid="money-balance">
      <span>{t("pay.balance")}</span>
      <Stars amount={user.balance} />
    </p>
  );
}
