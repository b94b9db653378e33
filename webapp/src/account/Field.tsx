/** A labelled line of text with what is wrong about it, said to eyes and ears.  Passwords can be shown, and pasted. */
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./account.module.css";

interface FieldProps {
  readonly label: string;
  readonly kind: "email" | "password" | "name";
  /** What a browser may fill in. */
  readonly autoComplete: "username" | "nickname" | "current-password" | "new-password";
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly fault: string | undefined;
  readonly hint?: string;
  readonly isFirst?: boolean;
}

const LONGEST = { email: 320, password: 1024, name: 64 } as const;

export function Field({
  label,
  kind,
  autoComplete,
  value,
  onChange,
  fault,
  hint,
  isFirst = false,
}: FieldProps): ReactNode {
  const { t } = useTranslation();
  const note = useId();
  const [isShown, setIsShown] = useState(false);
  const isPassword = kind === "password";
  return (
    <div className={styles.field}>
      <div className={styles.input}>
        <label>
          <span>{label}</span>
          <input
            type={isPassword && !isShown ? "password" : kind === "email" ? "email" : "text"}
            autoComplete={autoComplete}
            autoCapitalize={kind === "name" ? "words" : "none"}
            spellCheck={false}
            // The first field of what somebody just asked for.
            autoFocus={isFirst}
            enterKeyHint="go"
            maxLength={LONGEST[kind]}
            value={value}
            aria-invalid={fault !== undefined}
            aria-describedby={note}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
        </label>
        {isPassword && (
          <button
            type="button"
            aria-label={t(isShown ? "account.field.hide" : "account.field.show")}
            onClick={() => {
              setIsShown(!isShown);
            }}
          >
            <Eye isOpen={isShown} />
          </button>
        )}
      </div>
      <small id={note} className={fault === undefined ? undefined : styles.fault}>
        {fault ?? hint}
      </small>
    </div>
  );
}

function Eye({ isOpen }: { isOpen: boolean }): ReactNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M2 12S6 5 12 5s10 7 10 7-4 7-10 7S2 12 2 12z" />
      <circle cx="12" cy="12" r="3" />
      {!isOpen && <path d="M4 20L20 4" />}
    </svg>
  );
}
