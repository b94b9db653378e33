/** Two amounts side by side, each under its name. */
import type { ReactNode } from "react";
import { cx } from "../ui/cx";
import styles from "./amount-pair.module.css";

interface NamedAmount {
  readonly name: string;
  readonly amount: ReactNode;
}

export function AmountPair({
  amounts,
  looks,
}: {
  amounts: readonly [NamedAmount, NamedAmount];
  looks?: string | undefined;
}): ReactNode {
  return (
    <dl className={cx(styles.pair, looks)}>
      {amounts.map(({ name, amount }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{amount}</dd>
        </div>
      ))}
    </dl>
  );
}
