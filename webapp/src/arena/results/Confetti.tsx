import { type ReactNode, useEffect, useRef } from "react";
import { stillness } from "../../ui/stillness";
import { throwConfetti } from "./confetti-burst";
import styles from "./results.module.css";

export function Confetti(): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current && !stillness.matches) return throwConfetti(canvas.current);
  }, []);
  return <canvas ref={canvas} className={styles.confetti} aria-hidden="true" />;
}
