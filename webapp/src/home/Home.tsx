import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { User } from "../protocol/generated";
import { useStore } from "../state/use-store";
import { BottomMenu } from "./BottomMenu";
import { HomeHeader } from "./HomeHeader";
import { JoinProblem } from "./JoinProblem";
import { RoomCard } from "./RoomCard";
import { useTiers } from "./use-tiers";
import styles from "./home.module.css";

export function Home({ user, isDemo }: { user: User; isDemo: boolean }): ReactNode {
  const { t } = useTranslation();
  const { joining, refreshUser } = useServices();
  const { tiers, isFailing } = useTiers();
  const join = useStore(joining.state);
  useEffect(() => {
    void refreshUser();
  }, [refreshUser]);
  const capacity = tiers[0]?.capacity;
  return (
    <div className={styles.home}>
      <HomeHeader user={user} />
      <main>
        <h1>{t("home.title")}</h1>
        {capacity !== undefined && <p>{t("home.rules", { count: capacity })}</p>}
        {isFailing && <p role="status">{t("home.unavailable")}</p>}
        <ul className={styles.cards}>
          {tiers.map((tier) => (
            <li key={tier.stake}>
              <RoomCard
                tier={tier}
                isJoining={join.name === "busy" && join.stake === tier.stake}
                isDisabled={join.name === "busy"}
                onJoin={() => void joining.join(tier.stake)}
              />
            </li>
          ))}
        </ul>
      </main>
      <BottomMenu isDemo={isDemo} />
      <JoinProblem />
    </div>
  );
}
