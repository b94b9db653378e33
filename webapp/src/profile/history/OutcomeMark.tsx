import type { ReactNode } from "react";
import type { OutcomeName } from "./outcome";
import styles from "./outcome-mark.module.css";

const PICTURES: Readonly<Partial<Record<OutcomeName, string>>> = {
  blocked: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM6.500 6.500l11 11",
  organized: "M4.500 17L3 8l5 3.500L12 5l4 6.500L21 8l-1.500 9z",
  refunded: "M8 6L4 10l4 4M4 10h10a5 5 0 0 1 0 10h-3",
};

/** The place, or a picture of what happened instead: the words stand beside it. */
export function OutcomeMark({
  outcome,
  place,
}: {
  outcome: OutcomeName;
  place: number | null;
}): ReactNode {
  const picture = PICTURES[outcome];
  return (
    <span className={styles.mark} data-outcome={outcome} aria-hidden="true">
      {picture === undefined ? (
        place
      ) : (
        <svg viewBox="0 0 24 24">
          <path d={picture} />
        </svg>
      )}
    </span>
  );
}
