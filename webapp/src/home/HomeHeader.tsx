import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { Avatar } from "../ui/Avatar";
import { Stars } from "../ui/Stars";
import styles from "./home.module.css";

export function HomeHeader({ user }: { user: User }): ReactNode {
  const { t } = useTranslation();
  return (
    <header className={styles.header}>
      <strong className={styles.brand}>
        Chance<span>Tap</span>
      </strong>
      <div className={styles.player}>
        <div>
          <span className={styles.playerName} dir="auto">
            <span className="visually-hidden">{t("home.profile", { name: "" })}</span>
            {user.name}
          </span>
          <span className={styles.balance} data-testid="balance">
            <span className="visually-hidden">{t("home.balance", { stars: "" })}</span>
            <Stars amount={user.balance} />
          </span>
        </div>
        <Avatar userId={user.user_id} name={user.name} photoUrl={user.photo_url} size={40} />
      </div>
    </header>
  );
}
