import type { ReactNode } from "react";
import { cx } from "./cx";
import styles from "./ui.module.css";

interface ButtonProps {
  readonly children: ReactNode;
  readonly onClick?: () => void;
  /** `primary` is gold, for what begins a game or moves money; `plain` is the main step of anything else. */
  readonly kind?: "primary" | "plain" | "quiet";
  readonly type?: "button" | "submit";
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
      onClick={onClick}
      disabled={disabled}
    >
      {children}
    </button>
  );
}
