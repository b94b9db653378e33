/** Stars to type, with a few amounts to tap. */
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import styles from "./money.module.css";

interface AmountFieldProps {
  readonly label: string;
  readonly text: string;
  readonly presets: readonly number[];
  /** What is wrong with it, or what the bounds are. */
  readonly hint: string;
  readonly isWrong: boolean;
  readonly onChange: (text: string) => void;
}

export function AmountField(props: AmountFieldProps): ReactNode {
  const { label, text, presets, hint, isWrong, onChange } = props;
  const { i18n } = useTranslation();
  const id = useId();
  return (
    <div className={styles.field}>
      <label>
        <span>{label}</span>
        <span className={styles.amount}>
          <input
            inputMode="numeric"
            autoComplete="off"
            maxLength={9}
            value={text}
            aria-invalid={isWrong}
            aria-describedby={id}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 1.8l3 6.7 7.2.8-5.4 4.9 1.5 7.2L12 17.7l-6.3 3.7 1.5-7.2L1.8 9.300 9 8.500z" />
          </svg>
        </span>
      </label>
      <small id={id} className={isWrong ? styles.wrong : undefined}>
        {hint}
      </small>
      {presets.length > 0 && (
        <div className={styles.presets}>
          {presets.map((amount) => (
            <button
              key={amount}
              type="button"
              aria-pressed={text === String(amount)}
              onClick={() => {
                onChange(String(amount));
              }}
            >
              {amount.toLocaleString(i18n.language)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
