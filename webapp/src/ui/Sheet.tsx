/** A card over the screen that wants an answer.  Escape and the back button close it where it can be closed. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import styles from "./ui.module.css";

interface SheetProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly onClose?: () => void;
}

export function Sheet({ title, children, onClose }: SheetProps): ReactNode {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
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
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
