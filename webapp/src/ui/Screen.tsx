import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import styles from "./screen.module.css";

interface ScreenProps {
  readonly title: string;
  /** Beside the title: one small action, or a number. */
  readonly aside?: ReactNode;
  /** One step back, for those who have no back button of Telegram's: not on the menu's own places. */
  readonly hasBack?: boolean;
  readonly children: ReactNode;
}

/** A screen of the lobby: its title and what stands under it. */
export function Screen({ title, aside, hasBack = false, children }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { navigation, telegram } = useServices();
  return (
    <main className={styles.screen}>
      <header>
        {hasBack && !telegram.isInside && (
          <button
            type="button"
            className={styles.back}
            aria-label={t("menu.back")}
            onClick={() => {
              navigation.back();
            }}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M15 5l-7 7 7 7" />
            </svg>
          </button>
        )}
        <h1>{title}</h1>
        {aside}
      </header>
      {children}
    </main>
  );
}
