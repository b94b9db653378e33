/** A form's fields, the one thing that is wrong with it as a whole, and its buttons. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import styles from "./account.module.css";
import type { FormState } from "./use-form";

interface FormFrameProps {
  readonly state: FormState;
  readonly submit: string;
  /** False: something that must be filled in is empty. */
  readonly isComplete: boolean;
  readonly onCancel?: () => void;
  readonly children?: ReactNode;
}

export function FormFrame({
  state,
  submit,
  isComplete,
  onCancel,
  children,
}: FormFrameProps): ReactNode {
  const { t } = useTranslation();
  return (
    <form className={styles.form} onSubmit={state.onSubmit} noValidate>
      {children}
      <p className={styles.message} role="alert">
        {state.message}
      </p>
      <Button
        type="submit"
        kind="plain"
        isBusy={state.isSending}
        whyNot={isComplete ? null : t("account.fillIn")}
      >
        {state.isSending ? t("account.sending") : submit}
      </Button>
      {onCancel && (
        <Button kind="quiet" onClick={onCancel}>
          {t("account.cancel")}
        </Button>
      )}
    </form>
  );
}
