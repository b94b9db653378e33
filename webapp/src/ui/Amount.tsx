import type { ReactNode } from "react";
import { broughtBy } from "./brought";
import { cx } from "./cx";
import { Stars } from "./Stars";
import styles from "./amount.module.css";

/** What something did to the balance: only what came in is gold. */
export function Amount({
  stars,
  isQuiet = false,
}: {
  stars: number;
  isQuiet?: boolean;
}): ReactNode {
  const sign = stars > 0 ? "+" : stars < 0 ? "−" : "";
  return (
    <span className={cx(styles.amount, (stars <= 0 || isQuiet) && styles.quiet)}>
      {sign !== "" && <span className="visually-hidden">{sign}</span>}
      <Stars amount={Math.abs(stars)} sign={sign} />
    </span>
  );
}

/** What a game brought, in the one way in which all screens say it. */
export function GameAmount({
  isBack,
  ...game
}: Parameters<typeof broughtBy>[0] & {
  /** The stake itself came back: nothing was won. */
  isBack: boolean;
}): ReactNode {
  return <Amount stars={broughtBy(game)} isQuiet={isBack} />;
}

/** An amount that is only told, beside the one that counts. */
export function QuietStars({ stars }: { stars: number }): ReactNode {
  return (
    <span className={cx(styles.amount, styles.quiet)}>
      <Stars amount={stars} />
    </span>
  );
}
