import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { LANGUAGES } from "../texts/texts";
import styles from "./language.module.css";

export function LanguageSwitch(): ReactNode {
  const { t, i18n } = useTranslation();
  const { chooseLanguage } = useServices();
  return (
    <div className={styles.switch} role="group" aria-label={t("language.label")}>
      {LANGUAGES.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-label={`${language.toUpperCase()}: ${t(`language.${language}`)}`}
          aria-pressed={i18n.language === language}
          onClick={() => void chooseLanguage(language)}
        >
          {language.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
