import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { LanguageSwitch } from "../ui/LanguageSwitch";
import { HomeEntries } from "./HomeEntries";
import { HomeHeader } from "./HomeHeader";
import { RoomCard, RoomCardSkeleton } from "./RoomCard";
import { useTiers } from "./use-tiers";
import styles from "./home.module.css";

/** How many cards there are before the server has said it. */
const USUAL_TIERS = 6;

/** `user`: null while one is logging in; whatever needs nobody in particular is there already. */
export function Home({ user, isDemo }: { user: User | null; isDemo: boolean }): ReactNode {
  const { t } = useTranslation();
  const { joining, session, refreshUser } = useServices();
  const { tiers, isFailing } = useTiers(user !== null);
  const join = useStore(joining.state);
  useEffect(() => {
    // Whoever is just logging in is told by that.
    if (session.user) void refreshUser();
  }, [session, refreshUser]);
  const isBusy = join.name === "busy";
  const joined = isBusy && join.wish.kind === "standard" ? join.wish.stake : null;
  return (
    <div className={styles.home}>
      <HomeHeader user={user} />
      <main>
        <div className={styles.title}>
          <h1>{t("home.title")}</h1>
          {isDemo && <DemoStrip />}
        </div>
        <p>{t("home.rules", { count: tiers?.[0]?.capacity ?? 10 })}</p>
        {isFailing && <p role="status">{t("home.unavailable")}</p>}
        <ul className={styles.cards} aria-busy={tiers === null}>
          {tiers === null
            ? Array.from({ length: USUAL_TIERS }, (_, index) => (
                <li key={index}>
                  <RoomCardSkeleton />
                </li>
              ))
            : tiers.map((tier) => (
                <li key={tier.stake}>
                  <RoomCard
                    tier={tier}
                    isJoining={joined === tier.stake}
                    isDisabled={isBusy}
                    onJoin={() => void joining.join({ kind: "standard", stake: tier.stake })}
                  />
                </li>
              ))}
        </ul>
        <HomeEntries user={user} />
      </main>
    </div>
  );
}

/** Development: become somebody else, in either language. */
function DemoStrip(): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  return (
    <div className={styles.demo}>
      <button
        type="button"
        onClick={() => {
          session.logOut();
        }}
      >
        {t("login.demoOther")}
      </button>
      <LanguageSwitch />
    </div>
  );
}
