import type { ReactNode } from "react";
import { cx } from "./cx";
import styles from "./ui.module.css";

interface ButtonProps {
  readonly children: ReactNode;
  readonly onClick?: () => void;
  readonly kind?: "primary" | "quiet";
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
      className={cx(styles.button, kind === "primary" ? styles.primary : styles.quiet)}
      onClick={onClick}
      disabled={disabled}
    >
      {children}
    </button>
  );
}
