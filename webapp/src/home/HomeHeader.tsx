import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import { Avatar } from "../ui/Avatar";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import styles from "./home.module.css";

/** `user`: null while one is logging in. */
export function HomeHeader({ user }: { user: User | null }): ReactNode {
  const { t } = useTranslation();
  const { navigation } = useServices();
  return (
    <header className={styles.header}>
      <strong className={styles.brand}>
        Chance<span>Tap</span>
      </strong>
      <button
        type="button"
        className={styles.player}
        onClick={() => {
          navigation.goToTab("profile");
        }}
      >
        {user ? (
          <>
            <span className={styles.who}>
              <span className={styles.playerName} dir="auto">
                <span className="visually-hidden">{t("home.profile", { name: "" })}</span>
                {user.name}
              </span>
              <span className={styles.balance} data-testid="balance">
                <span className="visually-hidden">{t("home.balance", { stars: "" })}</span>
                <Stars amount={user.balance} />
              </span>
            </span>
            <Avatar userId={user.user_id} name={user.name} photoUrl={user.photo_url} size={40} />
          </>
        ) : (
          <Skeleton height={40} width="40px" radius={20} />
        )}
      </button>
    </header>
  );
}
