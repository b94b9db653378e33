import type { ComponentProps, ReactNode } from "react";
import styles from "./round-button.module.css";

interface RoundButtonProps extends ComponentProps<"button"> {
  readonly isDisabled?: boolean;
}

/** The one round button of a room, from waiting to the last tap. */
export function RoundButton({ isDisabled = false, ...rest }: RoundButtonProps): ReactNode {
  return <button type="button" {...rest} className={styles.round} disabled={isDisabled} />;
}
