/** The four places of the lobby.  What lies deeper belongs to one of them. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import type { Place } from "../services/navigation";
import { useStore } from "../state/use-store";
import styles from "./menu.module.css";

const TABS = [
  {
    name: "home",
    text: "menu.home",
    icon: "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
  },
  {
    name: "leaderboard",
    text: "menu.leaderboard",
    icon: "M4 13h4v7H4zM10 5h4v15h-4zM16 10h4v10h-4z",
  },
  {
    name: "profile",
    text: "menu.profile",
    icon: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 20c0-4 3.6-6 8-6s8 2 8 6z",
  },
  {
    name: "create",
    text: "menu.create",
    icon: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm-1 5v3H8v2h3v3h2v-3h3v-2h-3V8z",
  },
] as const;

type Tab = (typeof TABS)[number]["name"];

/** Where each place belongs. */
const TAB_OF: Readonly<Record<Place["name"], Tab>> = {
  home: "home",
  bonus: "home",
  leaderboard: "leaderboard",
  create: "create",
  makeRoom: "create",
  enterByKey: "create",
  profile: "profile",
  history: "profile",
  game: "profile",
  notices: "profile",
  account: "profile",
  deposit: "profile",
  withdraw: "profile",
  payments: "profile",
  statement: "profile",
  limits: "profile",
};

export function BottomMenu(): ReactNode {
  const { t } = useTranslation();
  const { navigation, telegram } = useServices();
  const place = useStore(navigation.place);
  const here = TAB_OF[place.name];
  return (
    <nav className={styles.menu} aria-label={t("menu.label")}>
      {TABS.map(({ name, text, icon }) => (
        <button
          key={name}
          type="button"
          aria-current={name === here ? "page" : undefined}
          onClick={() => {
            if (name === place.name) return;
            telegram.haptic("select");
            navigation.goToTab(name);
          }}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={icon} />
          </svg>
          <span>{t(text)}</span>
        </button>
      ))}
    </nav>
  );
}
