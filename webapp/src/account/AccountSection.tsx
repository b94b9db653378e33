/** The ways into the account: what is linked, and how to add, change or take away one of them. */
import "../texts/account";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { forget, recall, remember } from "../state/storage";
import { useStore } from "../state/use-store";
import { Row, Rows } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Sheet } from "../ui/Sheet";
import { AddEmail, ChangePassword, RemoveEmail, RemoveTelegram } from "./section-forms";
import styles from "./account.module.css";

type Open = "addEmail" | "change" | "removeEmail" | "removeTelegram";

const SENT = "linking";

export default function AccountSection({ user }: Pick<ScreenProps, "user">): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram, session, refreshUser } = services;
  const offers = useStore(services.offers);
  const state = useStore(session.state);
  const [open, setOpen] = useState<Open | null>(null);
  /** Where a mail went that nobody has answered yet. */
  const [sentTo, setSentTo] = useState(() => recall(SENT, z.string()));
  const hasEmail = user.email !== null;
  const hasTelegram = user.telegram_id !== null;
  const hasBoth = hasEmail && hasTelegram;

  // The mail's link is opened elsewhere: who comes back from there wants to see it done.
  useEffect(() => {
    const onReturn = (): void => {
      if (document.visibilityState === "visible") void refreshUser();
    };
    onReturn();
    document.addEventListener("visibilitychange", onReturn);
    return () => {
      document.removeEventListener("visibilitychange", onReturn);
    };
  }, [refreshUser]);

  const close = (): void => {
    setOpen(null);
  };
  const show = (sheet: Open) => (): void => {
    setOpen(sheet);
  };
  const onLinked = (email: string | null): void => {
    if (email === null) forget(SENT);
    else remember(SENT, email);
    setSentTo(email);
    close();
  };

  return (
    <Screen title={t("account.section.title")} hasBack>
      <Rows title={t("account.section.methods")}>
        <Row
          label={t("account.section.telegram")}
          value={t(hasTelegram ? "account.section.linked" : "account.section.notLinked")}
        />
        <Row
          label={t("account.section.email")}
          hint={user.email ?? undefined}
          value={t(hasEmail ? "account.section.linked" : "account.section.notLinked")}
        />
      </Rows>
      {!hasEmail && sentTo !== null && (
        <p className={styles.note} role="status">
          {t("account.section.sentText", { email: sentTo })}
        </p>
      )}
      {!hasTelegram && <p className={styles.note}>{t("account.section.addTelegram")}</p>}
      {(hasEmail || offers?.email) && (
        <Rows>
          {!hasEmail && <Row label={t("account.section.addEmail")} onClick={show("addEmail")} />}
          {hasEmail && <Row label={t("account.section.change")} onClick={show("change")} />}
          {hasBoth && (
            <Row label={t("account.section.unlinkEmail")} onClick={show("removeEmail")} />
          )}
          {hasBoth && (
            <Row label={t("account.section.unlinkTelegram")} onClick={show("removeTelegram")} />
          )}
        </Rows>
      )}
      {state.name === "in" && state.method.name === "email" && (
        <Rows>
          <Row
            label={t("account.section.logOut")}
            onClick={() => {
              session.logOut();
            }}
          />
        </Rows>
      )}
      {open === "addEmail" && (
        <Sheet title={t("account.section.addEmail")} onClose={close}>
          <AddEmail onDone={onLinked} onCancel={close} />
        </Sheet>
      )}
      {open === "change" && user.email !== null && (
        <Sheet title={t("account.section.change")} onClose={close}>
          <ChangePassword email={user.email} onDone={close} />
        </Sheet>
      )}
      {open === "removeEmail" && user.email !== null && (
        <Sheet title={t("account.section.unlinkEmail")} onClose={close}>
          <RemoveEmail
            email={user.email}
            hasLaunchData={telegram.initData !== null}
            onDone={close}
          />
        </Sheet>
      )}
      {open === "removeTelegram" && user.email !== null && (
        <Sheet title={t("account.section.unlinkTelegram")} onClose={close}>
          <RemoveTelegram email={user.email} onDone={close} />
        </Sheet>
      )}
    </Screen>
  );
}
