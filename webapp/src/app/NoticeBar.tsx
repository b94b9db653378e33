import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../state/use-store";
import styles from "./app.module.css";
import { useServices } from "./context";

export function NoticeBar(): ReactNode {
  const { t } = useTranslation();
  const notice = useStore(useServices().notices.current);
  const stars = notice?.stars === undefined ? "" : t("money.stars", { count: notice.stars });
  return (
    <div className={styles.notices} role="status">
      {notice && <p className={styles.notice}>{t(notice.key, { stars })}</p>}
    </div>
  );
}
