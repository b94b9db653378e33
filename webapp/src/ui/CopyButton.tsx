import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { useCopying } from "./use-copying";
import styles from "./copy.module.css";

interface CopyProps {
  readonly text: string;
  readonly label: string;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: CopyProps): ReactNode {
  const { t } = useTranslation();
  const { isCopied, copy, byHand } = useCopying();
  return (
    <>
      <Button kind="quiet" onClick={() => void copy(text)}>
        {isCopied ? t("copy.done") : label}
      </Button>
      {byHand}
    </>
  );
}

/** The same beside the text itself, as a sign. */
export function CopySign({ text, label }: CopyProps): ReactNode {
  const { t } = useTranslation();
  const { isCopied, copy, byHand } = useCopying();
  return (
    <>
      <button
        type="button"
        className={styles.sign}
        aria-label={isCopied ? t("copy.done") : label}
        onClick={() => void copy(text)}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          {isCopied ? (
            <path d="M5 12.5l4.5 4.5L19 7.5" />
          ) : (
            <path d="M9 8h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM5 16V5a1 1 0 0 1 1-1h9" />
          )}
        </svg>
      </button>
      {byHand}
    </>
  );
}
