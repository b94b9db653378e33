import type { ReactNode } from "react";
import styles from "./row-icon.module.css";

/** The picture before a row: a path drawn in lines on 24 by 24. */
export function RowIcon({ path }: { path: string }): ReactNode {
  return (
    <svg className={styles.icon} viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
