import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { Button } from "./Button";
import styles from "./copy.module.css";

const SHOWN_MS = 2000;

interface CopyProps {
  readonly text: string;
  readonly label: string;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: CopyProps): ReactNode {
  const { t } = useTranslation();
  const [isCopied, copy] = useCopying(text);
  return (
    <Button kind="quiet" onClick={copy}>
      {isCopied ? t("copy.done") : label}
    </Button>
  );
}

/** The same beside the text itself, as a sign. */
export function CopySign({ text, label }: CopyProps): ReactNode {
  const { t } = useTranslation();
  const [isCopied, copy] = useCopying(text);
  return (
    <button
      type="button"
      className={styles.sign}
      aria-label={isCopied ? t("copy.done") : label}
      onClick={copy}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {isCopied ? (
          <path d="M5 12.5l4.5 4.5L19 7.5" />
        ) : (
          <path d="M9 8h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM5 16V5a1 1 0 0 1 1-1h9" />
        )}
      </svg>
    </button>
  );
}

function useCopying(text: string): readonly [isCopied: boolean, copy: () => void] {
  const { telegram, notices } = useServices();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      notices.show("notice.notCopied");
      return;
    }
    telegram.haptic("success");
    setIsCopied(true);
    setTimeout(() => {
      setIsCopied(false);
    }, SHOWN_MS);
  };
  return [isCopied, () => void copy()];
}
