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

/** Parts of a hint beside each other; a line ends between two of them, not within one. */
export function Parts({ all }: { all: readonly string[] }): ReactNode {
  return (
    <span className={styles.parts}>
      <span>
        {all.map((part) => (
          <span key={part}>{part} </span>
        ))}
      </span>
    </span>
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
  /** As a button's: nothing more happens, and the keyboard's focus stays. */
  readonly isBusy?: boolean;
  /** As a button's, in the place of the hint. */
  readonly whyNot?: string | null;
}

export function Row({
  label,
  hint,
  value,
  icon,
  onClick,
  isBusy = false,
  whyNot = null,
}: RowProps): ReactNode {
  const isDisabled = isBusy || whyNot !== null;
  const said = whyNot ?? hint;
  const content = (
    <>
      {icon}
      <span className={styles.label}>
        {label}
        {said !== undefined && <small>{said}</small>}
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
          aria-disabled={isDisabled}
          onClick={isDisabled ? undefined : onClick}
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
