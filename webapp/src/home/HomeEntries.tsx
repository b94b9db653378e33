/** Ways on from Home that are no standard room: hero rooms, and the bonus where it is offered or runs. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { wholeNumber } from "../texts/numbers";
import styles from "./entries.module.css";

const HOUR_MS = 3_600_000;

export function HomeEntries({ user }: { user: User | null }): ReactNode {
  const { t, i18n } = useTranslation();
  const { navigation, offers } = useServices();
  const run = user?.bonus?.state === "running" ? user.bonus : null;
  const terms = useStore(offers)?.bonus_terms;
  const number = (value: number): string => wholeNumber(value, i18n.language);
  return (
    <div className={styles.entries}>
      <Entry
        title={t("home.hero")}
        text={t("home.heroText")}
        onClick={() => {
          navigation.goToTab("create");
        }}
      />
      {(run ?? terms) && (
        <Entry
          title={t("home.bonus")}
          text={
            run
              ? t("home.bonusRuns", { taps: number(run.taps), goal: number(run.goal) })
              : t("home.bonusText", {
                  goal: number(terms?.goal ?? 0),
                  count: Math.round((terms?.lasts_ms ?? 0) / HOUR_MS),
                })
          }
          onClick={() => {
            navigation.go({ name: "bonus" });
          }}
        >
          {run && <progress value={run.taps} max={run.goal} aria-hidden="true" />}
        </Entry>
      )}
    </div>
  );
}

interface EntryProps {
  readonly title: string;
  readonly text: string;
  readonly onClick: () => void;
  readonly children?: ReactNode;
}

function Entry({ title, text, onClick, children }: EntryProps): ReactNode {
  return (
    <button type="button" onClick={onClick}>
      <strong>{title}</strong>
      <span>{text}</span>
      {children}
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M9 5l7 7-7 7" />
      </svg>
    </button>
  );
}
