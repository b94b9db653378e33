/** A group of rows on one surface: each a fact, or a link to somewhere. */
import type { ReactNode } from "react";
import { cx } from "./cx";
import styles from "./rows.module.css";

export function Rows({ title, children }: { title?: string; children: ReactNode }): ReactNode {
  return (
    <section className={styles.group}>
      {title !== undefined && <h2>{title}</h2>}
      <ul className={styles.rows}>{children}</ul>
    </section>
  );
}

interface RowProps {
  readonly label: ReactNode;
  /** Under the label, quieter. */
  readonly hint?: ReactNode;
  readonly value?: ReactNode;
  readonly icon?: ReactNode;
  /** Makes the row a button. */
  readonly onClick?: () => void;
  /** As a button's: it keeps the keyboard's focus. */
  readonly disabled?: boolean;
}

export function Row({ label, hint, value, icon, onClick, disabled = false }: RowProps): ReactNode {
  const content = (
    <>
      {icon}
      <span className={styles.label}>
        {label}
        {hint !== undefined && <small>{hint}</small>}
      </span>
      {value !== undefined && <span className={styles.value}>{value}</span>}
    </>
  );
  return (
    <li>
      {onClick ? (
        <button
          type="button"
          className={cx(styles.row, styles.link)}
          aria-disabled={disabled}
          onClick={disabled ? undefined : onClick}
        >
          {content}
          <svg className={styles.chevron} viewBox="0 0 24 24" aria-hidden="true">
            <path d="M9 5l7 7-7 7" />
          </svg>
        </button>
      ) : (
        <div className={styles.row}>{content}</div>
      )}
    </li>
  );
}
