/** The places one can go to.  A place appears here when there is something behind it. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { LanguageSwitch } from "../ui/LanguageSwitch";
import styles from "./home.module.css";

export function BottomMenu({ isDemo }: { isDemo: boolean }): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  return (
    <nav className={styles.menu} aria-label={t("home.menu")}>
      <span className={styles.here} aria-current="page">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z" />
        </svg>
        {t("home.lobby")}
      </span>
      {isDemo && (
        <button
          type="button"
          className={styles.other}
          onClick={() => {
            session.logOut();
          }}
        >
          {t("home.switchPlayer")}
        </button>
      )}
      <LanguageSwitch />
    </nav>
  );
}
