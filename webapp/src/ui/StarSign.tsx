import type { ReactNode } from "react";
import styles from "./star-sign.module.css";

/** The sign of a Star by itself, where the number stands in a field. */
export function StarSign(): ReactNode {
  return (
    <svg className={styles.sign} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 1.8l3 6.7 7.2.8-5.4 4.9 1.5 7.2L12 17.7l-6.3 3.7 1.5-7.2L1.8 9.300 9 8.500z" />
    </svg>
  );
}
