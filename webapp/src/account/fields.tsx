/** The fields that several forms of accounts have: an address, the password that is known, and one that is chosen. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "./Field";
import type { FieldName } from "./problems";
import type { FormState } from "./use-form";

interface FormFieldProps {
  readonly form: FormState;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly isFirst?: boolean;
}

interface PasswordProps extends FormFieldProps {
  readonly label: string;
  /** What the server calls it. */
  readonly name?: FieldName;
}

export function EmailField({ form, value, onChange, isFirst = false }: FormFieldProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Field
      label={t("account.field.email")}
      kind="email"
      autoComplete="username"
      value={value}
      onChange={onChange}
      fault={form.fault("email")}
      isFirst={isFirst}
    />
  );
}

export function PasswordField({ form, name = "password", ...rest }: PasswordProps): ReactNode {
  return (
    <Field {...rest} kind="password" autoComplete="current-password" fault={form.fault(name)} />
  );
}

export function NewPasswordField({ form, name = "password", ...rest }: PasswordProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Field
      {...rest}
      kind="password"
      autoComplete="new-password"
      fault={form.fault(name)}
      hint={t("account.field.passwordHint")}
    />
  );
}
