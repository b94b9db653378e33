import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { Button } from "./Button";

const SHOWN_MS = 2000;

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: { text: string; label: string }): ReactNode {
  const { t } = useTranslation();
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
  return (
    <Button kind="quiet" onClick={() => void copy()}>
      {isCopied ? t("copy.done") : label}
    </Button>
  );
}
