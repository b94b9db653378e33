import { type ReactNode, useId } from "react";
import { cx } from "./cx";
import styles from "./ui.module.css";

interface ButtonProps {
  readonly children: ReactNode;
  readonly onClick?: () => void;
  /**
   * `primary` is gold, for what begins a game or moves money; `plain` is the main step of anything else; `danger` ends
   * or takes away something, and stands below the way out of it.
   */
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly type?: "button" | "submit";
  /** What it began is under way: nothing more happens, and the keyboard's focus stays. */
  readonly isBusy?: boolean;
  /** Why it cannot be pressed now, in words that stand under it; null where it can. */
  readonly whyNot?: string | null;
}

export function Button({
  children,
  onClick,
  kind = "primary",
  type = "button",
  isBusy = false,
  whyNot = null,
}: ButtonProps): ReactNode {
  const id = useId();
  const isDisabled = isBusy || whyNot !== null;
  return (
    <>
      <button
        type={type}
        className={cx(styles.button, styles[kind])}
        aria-disabled={isDisabled}
        aria-describedby={whyNot === null ? undefined : id}
        onClick={(event) => {
          // Nor is a form sent by it, or by Enter in one of its fields.
          if (isDisabled) event.preventDefault();
          else onClick?.();
        }}
      >
        {children}
      </button>
      {whyNot !== null && (
        <small id={id} className={styles.whyNot}>
          {whyNot}
        </small>
      )}
    </>
  );
}
