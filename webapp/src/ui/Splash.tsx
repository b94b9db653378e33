import type { ReactNode } from "react";
import styles from "./ui.module.css";

/** A whole screen with one short message. */
export function Splash({ text, children }: { text: string; children?: ReactNode }): ReactNode {
  return (
    <main className={styles.splash}>
      <span className={styles.pulse} aria-hidden="true" />
      <p role="status">{text}</p>
      {children}
    </main>
  );
}
