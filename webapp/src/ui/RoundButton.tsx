import type { ComponentProps, ReactNode } from "react";
import styles from "./round-button.module.css";

interface RoundButtonProps extends Omit<ComponentProps<"button">, "disabled"> {
  /** It keeps the keyboard's focus, as every button here. */
  readonly isDisabled?: boolean;
}

/** The one round button of a room, from waiting to the last tap. */
export function RoundButton({ isDisabled = false, onClick, ...rest }: RoundButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      className={styles.round}
      aria-disabled={isDisabled}
      onClick={isDisabled ? undefined : onClick}
    />
  );
}
