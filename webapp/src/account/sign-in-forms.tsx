/** The forms by which one comes in by e-mail. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { askForNewPassword, logIn, register, resetPassword, takeBack, verify } from "./account-api";
import { Button } from "../ui/Button";
import { Field } from "./Field";
import { EmailField, NewPasswordField, PasswordField } from "./fields";
import { FormFrame } from "./FormFrame";
import { useForm } from "./use-form";
import styles from "./account.module.css";

export function LogIn({ onForgotten }: { onForgotten: () => void }): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const form = useForm("logIn", () => logIn(session, { email: email.trim(), password }));
  return (
    <section className={styles.step}>
      <h1>{t("account.logIn.title")}</h1>
      <FormFrame
        state={form}
        submit={t("account.logIn.submit")}
        isComplete={email.trim() !== "" && password !== ""}
      >
        <EmailField form={form} value={email} onChange={setEmail} isFirst />
        <PasswordField
          form={form}
          label={t("account.field.password")}
          value={password}
          onChange={setPassword}
        />
      </FormFrame>
      <button type="button" className={styles.aside} onClick={onForgotten}>
        {t("account.logIn.forgot")}
      </button>
    </section>
  );
}

export function Register({ onSent }: { onSent: (email: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [name, setName] = useState("");
  const form = useForm("register", async () => {
    const body = { email: email.trim(), password };
    await register(name.trim() === "" ? body : { ...body, name: name.trim() });
    onSent(body.email);
  });
  return (
    <section className={styles.step}>
      <h1>{t("account.register.title")}</h1>
      <FormFrame
        state={form}
        submit={t("account.register.submit")}
        isComplete={email.trim() !== "" && password !== ""}
      >
        <EmailField form={form} value={email} onChange={setEmail} isFirst />
        <NewPasswordField
          form={form}
          label={t("account.field.password")}
          value={password}
          onChange={setPassword}
        />
        <Field
          label={t("account.field.name")}
          kind="name"
          autoComplete="nickname"
          value={name}
          onChange={setName}
          fault={form.fault("name")}
        />
      </FormFrame>
    </section>
  );
}

export function AskForPassword({ onSent }: { onSent: (email: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const form = useForm("forgot", async () => {
    await askForNewPassword({ email: email.trim() });
    onSent(email.trim());
  });
  return (
    <section className={styles.step}>
      <h1>{t("account.forgot.title")}</h1>
      <p>{t("account.forgot.text")}</p>
      <FormFrame state={form} submit={t("account.forgot.submit")} isComplete={email.trim() !== ""}>
        <EmailField form={form} value={email} onChange={setEmail} isFirst />
      </FormFrame>
    </section>
  );
}

/** With a mail's link: the address is confirmed by who has the mail and knows the password. */
export function Verify({ token }: { token: string }): ReactNode {
  const { t } = useTranslation();
  const { session, mailed } = useServices();
  const [password, setPassword] = useState("");
  const form = useForm("verify", async () => {
    await verify(session, { token, password });
    mailed.done();
  });
  return (
    <section className={styles.step}>
      <h1>{t("account.verify.title")}</h1>
      <p>{t("account.verify.text")}</p>
      <FormFrame state={form} submit={t("account.verify.submit")} isComplete={password !== ""}>
        <PasswordField
          form={form}
          label={t("account.field.password")}
          value={password}
          onChange={setPassword}
          isFirst
        />
      </FormFrame>
    </section>
  );
}

/** With a mail's link: whoever had the way in that was there before takes its change back. */
export function TakeBack({ token, onRead }: { token: string; onRead: () => void }): ReactNode {
  const { t } = useTranslation();
  const [isDone, setIsDone] = useState(false);
  const form = useForm("object", async () => {
    await takeBack(token);
    setIsDone(true);
  });
  return (
    <section className={styles.step} role="status">
      <h1>{t(isDone ? "account.object.doneTitle" : "account.object.title")}</h1>
      <p>{t(isDone ? "account.object.doneText" : "account.object.text")}</p>
      {isDone ? (
        <Button kind="plain" onClick={onRead}>
          {t("account.object.toLogIn")}
        </Button>
      ) : (
        <FormFrame state={form} submit={t("account.object.submit")} isComplete />
      )}
    </section>
  );
}

export function SetPassword({
  token,
  onForgotten,
}: {
  token: string;
  onForgotten: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const { session, mailed } = useServices();
  const [password, setPassword] = useState("");
  const form = useForm("reset", async () => {
    await resetPassword(session, { token, password });
    mailed.done();
  });
  return (
    <section className={styles.step}>
      <h1>{t("account.reset.title")}</h1>
      <p>{t("account.reset.text")}</p>
      <FormFrame state={form} submit={t("account.reset.submit")} isComplete={password !== ""}>
        <NewPasswordField
          form={form}
          label={t("account.field.newPassword")}
          value={password}
          onChange={setPassword}
          isFirst
        />
      </FormFrame>
      {form.message !== undefined && (
        <button type="button" className={styles.aside} onClick={onForgotten}>
          {t("account.reset.again")}
        </button>
      )}
    </section>
  );
}
