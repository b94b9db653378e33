import { type CSSProperties, type ReactNode, useState } from "react";
import type { ServerClock } from "../taps/clock";
import styles from "./ui.module.css";

interface TimerRingProps {
  readonly clock: ServerClock;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A circle that empties by itself from one moment to another: the browser animates, nothing is rendered again. */
export function TimerRing({ clock, fromMs, untilMs }: TimerRingProps): ReactNode {
  const [nowMs] = useState(() => clock.now());
  const style = {
    "--total": `${Math.max(1, untilMs - fromMs)}ms`,
    "--elapsed": `${Math.min(0, fromMs - nowMs)}ms`,
  } as CSSProperties;
  return (
    <svg className={styles.ring} viewBox="0 0 100 100" aria-hidden="true" style={style}>
      <circle cx="50" cy="50" r="48" />
      <circle cx="50" cy="50" r="48" pathLength="100" />
    </svg>
  );
}
