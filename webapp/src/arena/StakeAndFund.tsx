import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../protocol/generated";
import { Stars } from "../ui/Stars";
import styles from "./stake.module.css";

/** What one paid, and what there is to win: side by side before every game. */
export function StakeAndFund({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  return (
    <dl className={styles.money}>
      <div>
        <dt>{t("stake.own")}</dt>
        <dd>
          <Stars amount={room.stake} />
        </dd>
      </div>
      <div>
        <dt>{t("room.prizeFund")}</dt>
        <dd>
          {/* Made anew when it grows, so that it is seen to. */}
          <Stars key={room.prize} amount={room.prize} />
        </dd>
      </div>
    </dl>
  );
}
