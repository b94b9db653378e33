/** Russian and English.  Owns which language is shown; the player's choice on the server is the lasting one. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { User } from "../protocol/generated";
import en from "./en.json";
import ru from "./ru.json";

export type Language = User["language"];
export type NoticeKey = `notice.${keyof typeof en.notice}`;

export const LANGUAGES: readonly Language[] = ["ru", "en"];

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

export function startTexts(languageCode: string): void {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  void i18next.use(initReactI18next).init({
    lng: languageCode.toLowerCase().startsWith("ru") ? "ru" : "en",
    fallbackLng: "en",
    resources: { en: { translation: en }, ru: { translation: ru } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
}

export function currentLanguage(): Language {
  return i18next.language === "ru" ? "ru" : "en";
}

export function setLanguage(language: Language): void {
  if (language !== i18next.language) void i18next.changeLanguage(language);
}
