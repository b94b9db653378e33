import type { ReactNode } from "react";
import styles from "./foot.module.css";

/** The last thing of a screen of the lobby; where there is height for it, in reach of the thumb: over the menu. */
export function Foot({ children }: { children: ReactNode }): ReactNode {
  return <div className={styles.foot}>{children}</div>;
}
