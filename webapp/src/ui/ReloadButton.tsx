import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";

/** Loads the page again: what is left where nothing else helps. */
export function ReloadButton(): ReactNode {
  const { t } = useTranslation();
  return (
    <Button
      kind="plain"
      onClick={() => {
        window.location.reload();
      }}
    >
      {t("login.reload")}
    </Button>
  );
}
