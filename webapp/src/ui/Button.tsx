import type { ReactNode } from "react";
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
  /** Said and shown only: one that is being pressed keeps the keyboard's focus, for a sheet to give it back to. */
  readonly disabled?: boolean;
}

export function Button({
  children,
  onClick,
  kind = "primary",
  type = "button",
  disabled = false,
}: ButtonProps): ReactNode {
  return (
    <button
      type={type}
      className={cx(styles.button, styles[kind])}
      aria-disabled={disabled}
      onClick={(event) => {
        // Nor is a form sent by it, or by Enter in one of its fields.
        if (disabled) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}
