/** The player's own place: balance, figures, links to what was, and what can be set. */
import "../texts/profile";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { useStore } from "../state/use-store";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import { useReturn } from "../ui/use-return";
import { forgetHistory } from "./history/kept-history";
import { ProfileLinks } from "./ProfileLinks";
import { Referrals } from "./referrals/Referrals";
import { Settings } from "./settings/Settings";
import { Statistics } from "./Statistics";
import styles from "./profile.module.css";

const BonusSection = lazy(() => import("../bonus/BonusSection"));
const WalletSection = lazy(async () => ({
  default: (await import("../money/WalletSection")).WalletSection,
}));
const BONUS_HEIGHT = 184;
const WALLET_HEIGHT = 52;

export default function Profile({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { offers, refreshUser } = useServices();
  const hasWallet = useStore(offers)?.wallet === true;
  useEffect(() => {
    forgetHistory();
    void refreshUser();
  }, [refreshUser]);
  useReturn(refreshUser);
  return (
    <Screen title={t("profile.title")}>
      <Purse user={user} />
      {user.bonus?.state === "running" && (
        <Suspense fallback={<Skeleton height={BONUS_HEIGHT} radius={20} />}>
          <BonusSection />
        </Suspense>
      )}
      {hasWallet && (
        <Suspense fallback={<Skeleton height={WALLET_HEIGHT} radius={16} />}>
          <WalletSection user={user} />
        </Suspense>
      )}
      <Statistics stats={user.stats} />
      <ProfileLinks user={user} />
      <Referrals />
      <Settings />
    </Screen>
  );
}

/** Who it is and what they have. */
function Purse({ user }: { user: User }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={styles.purse}>
      <div className={styles.who}>
        <Avatar userId={user.user_id} name={user.name} photoUrl={user.photo_url} size={64} />
        <div>
          <strong dir="auto">{user.name}</strong>
          {user.username !== null && <span>@{user.username}</span>}
        </div>
      </div>
      <p className={styles.balance} data-testid="balance">
        <span>{t("profile.balance")}</span>
        <Stars amount={user.balance} />
      </p>
      <Money />
    </section>
  );
}

/** Only the methods of payment that this server offers. */
function Money(): ReactNode {
  const { t } = useTranslation();
  const { navigation, offers } = useServices();
  const offered = useStore(offers);
  const canDeposit = offered && (offered.deposits.stars || offered.deposits.ton);
  const canWithdraw = offered && (offered.withdrawals.ton || offered.withdrawals.premium);
  if (!canDeposit && !canWithdraw) return null;
  return (
    <div className={styles.money}>
      {canDeposit && (
        <Button
          onClick={() => {
            navigation.go({ name: "deposit" });
          }}
        >
          {t("profile.deposit")}
        </Button>
      )}
      {canWithdraw && (
        <Button
          kind="quiet"
          onClick={() => {
            navigation.go({ name: "withdraw" });
          }}
        >
          {t("profile.withdraw")}
        </Button>
      )}
    </div>
  );
}
