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
  /** A room is being joined already.  The card keeps the keyboard's focus, for a sheet to give it back to. */
  readonly isDisabled: boolean;
  readonly onJoin: () => void;
}

export function RoomCard({ tier, isJoining, isDisabled, onJoin }: RoomCardProps): ReactNode {
  const { t } = useTranslation();
  const fee = feePercent(tier);
  return (
    <button
      type="button"
      className={styles.card}
      aria-busy={isJoining}
      aria-disabled={isDisabled}
      data-stake={tier.stake}
      onClick={isDisabled ? undefined : onJoin}
    >
      <span className={styles.stake}>
        <small>{t("home.entry")}</small>
        <Stars amount={tier.stake} />
      </span>
      <span className={styles.prize}>
        <span>{t("home.prize")}</span>
        <Stars amount={tier.prize} />
      </span>
      {fee > 0 && <span className={styles.fee}>{t("home.fee", { percent: fee })}</span>}
      <Seats taken={tier.waiting % tier.capacity} capacity={tier.capacity} />
      <span className={styles.counts}>
        {isJoining ? (
          t("home.joining")
        ) : (
          <>
            {tier.waiting > 0 ? (
              <span className={styles.live}>{t("home.waiting", { count: tier.waiting })}</span>
            ) : (
              <span>{t("home.first")}</span>
            )}
            {tier.playing > 0 && <span>{t("home.playing", { count: tier.playing })}</span>}
          </>
        )}
      </span>
    </button>
  );
}

/** How far the room that is filling up has come. */
function Seats({ taken, capacity }: { taken: number; capacity: number }): ReactNode {
  return (
    <span className={styles.seats} aria-hidden="true">
      {Array.from({ length: capacity }, (_, seat) => (
        <span key={seat} className={cx(seat < taken && styles.taken)} />
      ))}
    </span>
  );
}

/** The part of a full room's pool that is not the winner's. */
function feePercent({ stake, capacity, prize }: Tier): number {
  const pool = stake * capacity;
  return Math.round(((pool - prize) / pool) * 1000) / 10;
}

/** The place of a card that is still on its way. */
export function RoomCardSkeleton(): ReactNode {
  return <Skeleton height={168} radius={22} />;
}
