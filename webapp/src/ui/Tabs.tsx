import type { ReactNode } from "react";
import styles from "./tabs.module.css";

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly id: T; readonly text: string }[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
}

/** One of a few, chosen by a tap; what it chooses stands under it. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose }: TabsProps<T>): ReactNode {
  return (
    <div className={styles.tabs} role="group" aria-label={label}>
      {tabs.map(({ id, text }) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === chosen}
          onClick={() => {
            onChoose(id);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
