import type { ReactNode } from "react";
import styles from "./empty.module.css";

interface EmptyProps {
  /** The path of a 24 by 24 picture. */
  readonly icon: string;
  readonly text: string;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** In place of a list that has nothing in it yet. */
export function Empty({ icon, text, children }: EmptyProps): ReactNode {
  return (
    <div className={styles.empty}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={icon} />
      </svg>
      <p>{text}</p>
      {children}
    </div>
  );
}
