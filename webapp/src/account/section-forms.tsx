/** The forms of the ways into an account, each in a sheet of its own. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { useServices } from "../services/context";
import { changePassword, linkEmail, unlinkEmail, unlinkTelegram } from "./account-api";
import { EmailField, NewPasswordField, PasswordField } from "./fields";
import { FormFrame } from "./FormFrame";
import { useForm } from "./use-form";

interface AddEmailProps {
  /** With the address to which a mail is on its way; null: it is linked. */
  readonly onDone: (sentTo: string | null) => void;
  readonly onCancel: () => void;
}

export function AddEmail({ onDone, onCancel }: AddEmailProps): ReactNode {
  const { t } = useTranslation();
  const { session, notices } = useServices();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const form = useForm("link", async () => {
    const address = email.trim();
    const isLinked = await linkEmail(session, { email: address, password });
    if (isLinked) notices.show("notice.saved");
    onDone(isLinked ? null : address);
  });
  return (
    <>
      <p>{t("account.section.addEmailText")}</p>
      <FormFrame
        state={form}
        submit={t("account.section.addEmailSubmit")}
        isComplete={email.trim() !== "" && password !== ""}
        onCancel={onCancel}
      >
        <EmailField form={form} value={email} onChange={setEmail} isFirst />
        <NewPasswordField
          form={form}
          label={t("account.field.password")}
          value={password}
          onChange={setPassword}
        />
      </FormFrame>
    </>
  );
}

interface ChangeProps {
  readonly email: string;
  readonly onDone: () => void;
}

export function ChangePassword({ email, onDone }: ChangeProps): ReactNode {
  const { t } = useTranslation();
  const { session, notices } = useServices();
  const [before, setBefore] = useState("");
  const [after, setAfter] = useState("");
  const form = useForm("change", async () => {
    await changePassword(session, { old_password: before, new_password: after });
    notices.show("notice.saved");
    onDone();
  });
  return (
    <>
      <p>{t("account.section.changeText")}</p>
      <FormFrame
        state={form}
        submit={t("account.section.changeSubmit")}
        isComplete={before !== "" && after !== ""}
        onCancel={onDone}
      >
        <ForPasswordManagers email={email} />
        <PasswordField
          form={form}
          label={t("account.field.oldPassword")}
          name="old_password"
          value={before}
          onChange={setBefore}
          isFirst
        />
        <NewPasswordField
          form={form}
          label={t("account.field.newPassword")}
          name="new_password"
          value={after}
          onChange={setAfter}
        />
      </FormFrame>
    </>
  );
}

/** The proof is Telegram's own launch data; where that is missing or too old, the password. */
export function RemoveEmail({
  email,
  hasLaunchData,
  onDone,
}: ChangeProps & { hasLaunchData: boolean }): ReactNode {
  const { t } = useTranslation();
  const { session, notices } = useServices();
  const [password, setPassword] = useState<string | null>(hasLaunchData ? null : "");
  const form = useForm("unlinkEmail", async () => {
    try {
      await unlinkEmail(session, password);
    } catch (error) {
      if (error instanceof ApiError && error.code === "init_data_expired") setPassword("");
      throw error;
    }
    notices.show("notice.saved");
    onDone();
  });
  return (
    <>
      <p>{t("account.section.unlinkEmailText", { email })}</p>
      <FormFrame
        state={form}
        submit={t("account.section.unlinkSubmit")}
        isComplete={password !== ""}
        onCancel={onDone}
      >
        {password !== null && (
          <>
            <ForPasswordManagers email={email} />
            <PasswordField
              form={form}
              label={t("account.field.password")}
              value={password}
              onChange={setPassword}
              isFirst
            />
          </>
        )}
      </FormFrame>
    </>
  );
}

export function RemoveTelegram({ email, onDone }: ChangeProps): ReactNode {
  const { t } = useTranslation();
  const { session, notices } = useServices();
  const [password, setPassword] = useState("");
  const form = useForm("unlinkTelegram", async () => {
    await unlinkTelegram(session, password);
    notices.show("notice.saved");
    onDone();
  });
  return (
    <>
      <p>{t("account.section.unlinkTelegramText", { email })}</p>
      <FormFrame
        state={form}
        submit={t("account.section.unlinkSubmit")}
        isComplete={password !== ""}
        onCancel={onDone}
      >
        <ForPasswordManagers email={email} />
        <PasswordField
          form={form}
          label={t("account.field.password")}
          value={password}
          onChange={setPassword}
          isFirst
        />
      </FormFrame>
    </>
  );
}

/** Says to them whose password this is. */
function ForPasswordManagers({ email }: { email: string }): ReactNode {
  return <input type="email" autoComplete="username" value={email} readOnly hidden />;
}
