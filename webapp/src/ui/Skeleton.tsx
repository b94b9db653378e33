import type { CSSProperties, ReactNode } from "react";
import styles from "./skeleton.module.css";

interface SkeletonProps {
  /** Pixels: as high as what will stand here, so that nothing jumps when it comes. */
  readonly height: number;
  readonly width?: string;
  readonly radius?: number;
}

/** The place of something that is still on its way. */
export function Skeleton({ height, width = "100%", radius = 12 }: SkeletonProps): ReactNode {
  const style: CSSProperties = { height, width, borderRadius: radius };
  return <span className={styles.skeleton} style={style} aria-hidden="true" />;
}
