import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { Button } from "./Button";
import { copyText } from "./copy";
import { Sheet } from "./Sheet";
import styles from "./copy.module.css";

const SHOWN_MS = 2000;

interface Copying {
  readonly isCopied: boolean;
  readonly copy: (text: string) => Promise<boolean>;
  /** What could not be copied, to be selected by hand; to be shown beside the button. */
  readonly byHand: ReactNode;
}

/** Copies a text, says for a while that it did, and shows the text where nothing could copy it. */
export function useCopying(): Copying {
  const { telegram } = useServices();
  const [isCopied, setIsCopied] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const copy = async (text: string): Promise<boolean> => {
    if (!(await copyText(text))) {
      setRefused(text);
      return false;
    }
    telegram.haptic("success");
    setIsCopied(true);
    setTimeout(() => {
      setIsCopied(false);
    }, SHOWN_MS);
    return true;
  };
  const byHand = refused !== null && (
    <CopyByHand
      text={refused}
      onClose={() => {
        setRefused(null);
      }}
    />
  );
  return { isCopied, copy, byHand };
}

function CopyByHand({ text, onClose }: { text: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  const select = (): void => {
    field.current?.focus();
    field.current?.setSelectionRange(0, text.length);
  };
  return (
    <Sheet title={t("copy.byHandTitle")} onClose={onClose}>
      <p>{t("copy.byHandText")}</p>
      <textarea
        ref={field}
        className={styles.text}
        value={text}
        rows={text.length > 80 ? 5 : 2}
        readOnly
        translate="no"
        aria-label={t("copy.byHandTitle")}
        onFocus={select}
        onClick={select}
      />
      <Button kind="quiet" onClick={onClose}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
