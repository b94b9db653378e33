import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../protocol/generated";
import { Stars } from "../ui/Stars";
import { AmountPair } from "./AmountPair";
import styles from "./stake.module.css";

/** What one paid, and what there is to win: side by side before every game. */
export function StakeAndFund({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  return (
    <AmountPair
      looks={styles.money}
      amounts={[
        { name: t("stake.own"), amount: <Stars amount={room.stake} /> },
        {
          name: t("room.prizeFund"),
          // Made anew when it grows, so that it is seen to.
          amount: <Stars key={room.prize} amount={room.prize} />,
        },
      ]}
    />
  );
}
