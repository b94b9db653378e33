import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Tier } from "../protocol/generated";
import { cx } from "../ui/cx";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import styles from "./home.module.css";

interface RoomCardProps {
  readonly tier: Tier;
  readonly isJoining: boolean;
  readonly isDisabled: boolean;
  readonly onJoin: () => void;
}

export function RoomCard({ tier, isJoining, isDisabled, onJoin }: RoomCardProps): ReactNode {
  const { t } = useTranslation();
  const stars = t("money.stars", { count: tier.stake });
  const prize = t("money.stars", { count: tier.prize });
  return (
    <button
      type="button"
      className={styles.card}
      aria-label={t("home.join", { stars, prize })}
      aria-busy={isJoining}
      disabled={isDisabled}
      data-stake={tier.stake}
      onClick={onJoin}
    >
      <span className={styles.stake}>
        <small>{t("home.entry")}</small>
        <Stars amount={tier.stake} />
      </span>
      <span className={styles.prize}>
        <span>{t("home.prize")}</span>
        <Stars amount={tier.prize} />
      </span>
      <span className={styles.counts}>
        {isJoining ? (
          t("home.joining")
        ) : (
          <>
            <span className={cx(tier.waiting > 0 && styles.live)}>
              {t("home.waiting", { count: tier.waiting })}
            </span>
            <span>{t("home.playing", { count: tier.playing })}</span>
          </>
        )}
      </span>
    </button>
  );
}

/** The place of a card that is still on its way. */
export function RoomCardSkeleton(): ReactNode {
  return <Skeleton height={154} radius={22} />;
}
