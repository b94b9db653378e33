import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../services/context";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import styles from "./referrals.module.css";

export interface Invitation {
  readonly code: string;
  /** Null where the bot's name is not known: then the code alone is all there is. */
  readonly link: string | null;
}

/** The code, and ways to hand it on.  Promises nothing: what it is worth is the server's to say. */
export function InviteCard({ invitation: { code, link } }: { invitation: Invitation }): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  const canShare = telegram.isInside || "share" in navigator;
  return (
    <section className={styles.invite}>
      <p>{t(link === null ? "referrals.textCode" : "referrals.text")}</p>
      <p className={styles.code}>
        <span>{t("referrals.code")}</span>
        <strong data-testid="referral-code">{code}</strong>
      </p>
      {link !== null && canShare && (
        <Button
          kind="plain"
          onClick={() => {
            telegram.share(link, t("referrals.invitation"));
          }}
        >
          {t("referrals.share")}
        </Button>
      )}
      <CopyButton
        text={link ?? code}
        label={t(link === null ? "referrals.copyCode" : "referrals.copyLink")}
      />
    </section>
  );
}
