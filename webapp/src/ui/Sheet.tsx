/**
 * A card over the screen that wants an answer.  Escape and the back button close it where it can be closed; they never
 * act on the screen under it.
 */
import { type ReactNode, useEffect, useEffectEvent, useId, useLayoutEffect, useRef } from "react";
import { useServices } from "../services/context";
import styles from "./ui.module.css";

interface SheetProps {
  readonly title: string;
  readonly children: ReactNode;
  /** Not given: it stays until what is asked here is answered. */
  readonly onClose?: () => void;
}

export function Sheet({ title, children, onClose }: SheetProps): ReactNode {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { telegram } = useServices();
  const back = useEffectEvent(() => onClose?.());
  useEffect(
    () =>
      telegram.onBack(() => {
        back();
      }),
    [telegram],
  );
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Closing gives the keyboard's focus back to where it was; going away alone does not.
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClose={({ currentTarget }) => {
        // A second Escape closes it without asking, whether it can be closed or not.
        if (currentTarget.open || !currentTarget.isConnected) return;
        if (onClose) onClose();
        else currentTarget.showModal();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
