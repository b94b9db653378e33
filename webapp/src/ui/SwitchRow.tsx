import type { ReactNode } from "react";
import { cx } from "./cx";
import rows from "./rows.module.css";
import styles from "./switch-row.module.css";

interface SwitchRowProps {
  readonly label: string;
  readonly hint?: string;
  readonly icon?: ReactNode;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

/** A row of a group that is on or off. */
export function SwitchRow({ label, hint, icon, isOn, onChange }: SwitchRowProps): ReactNode {
  return (
    <li>
      <label className={cx(rows.row, rows.link, styles.switchRow)}>
        {icon}
        <span className={rows.label}>
          {label}
          {hint !== undefined && <small>{hint}</small>}
        </span>
        <input
          type="checkbox"
          role="switch"
          className={styles.switch}
          checked={isOn}
          onChange={(event) => {
            onChange(event.target.checked);
          }}
        />
      </label>
    </li>
  );
}
