import type { ReactNode } from "react";
import styles from "./foot.module.css";

/** The last thing of a screen of the lobby, and in reach of the thumb however long the screen is: over the menu. */
export function Foot({ children }: { children: ReactNode }): ReactNode {
  return <div className={styles.foot}>{children}</div>;
}
