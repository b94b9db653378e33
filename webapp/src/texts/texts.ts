/**
 * Russian and English.  Owns which language is shown; the player's choice on the server is the lasting one.
 *
 * The core comes with the page; every other area has a module here that its screens import for its effect, so that a
 * first visit loads no text that it cannot show.
 */
import i18next, { type ResourceLanguage } from "i18next";
import { initReactI18next } from "react-i18next";
import type { User } from "../protocol/generated";
import type account from "./account.en.json";
import type arena from "./arena.en.json";
import type bonus from "./bonus.en.json";
import en from "./core.en.json";
import ru from "./core.ru.json";
import type create from "./create.en.json";
import type hero from "./hero.en.json";
import type leaderboard from "./leaderboard.en.json";
import type money from "./money.en.json";
import { wholeNumber } from "./numbers";
import type profile from "./profile.en.json";

export type Language = User["language"];
export type NoticeKey = `notice.${keyof typeof en.notice}`;

export const LANGUAGES: readonly Language[] = ["ru", "en"];

type Texts = typeof en &
  typeof account &
  typeof arena &
  typeof bonus &
  typeof create &
  typeof hero &
  typeof leaderboard &
  typeof money &
  typeof profile;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: Texts };
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
  i18next.services.formatter?.add("number", (value: number, language) =>
    wholeNumber(value, language ?? "en"),
  );
}

/** The texts of an area that is loaded later; no two areas share a section. */
export function addTexts(english: ResourceLanguage, russian: ResourceLanguage): void {
  i18next.addResourceBundle("en", "translation", english, true, true);
  i18next.addResourceBundle("ru", "translation", russian, true, true);
}

export function currentLanguage(): Language {
  return i18next.language === "ru" ? "ru" : "en";
}

export function setLanguage(language: Language): void {
  if (language !== i18next.language) void i18next.changeLanguage(language);
}
