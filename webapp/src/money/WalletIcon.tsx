import { type ReactNode, useState } from "react";
import styles from "./money.module.css";

/** A wallet's icon from its maker's host; its first letter until that is here, and where it never comes. */
export function WalletIcon({ name, url }: { name: string; url: string }): ReactNode {
  const [image, setImage] = useState<"coming" | "here" | "broken">("coming");
  return (
    <span className={styles.icon} aria-hidden="true">
      {image !== "here" && name.slice(0, 1).toUpperCase()}
      {image !== "broken" && (
        <img
          src={url}
          alt=""
          width={48}
          height={48}
          loading="lazy"
          referrerPolicy="no-referrer"
          onLoad={() => {
            setImage("here");
          }}
          onError={() => {
            setImage("broken");
          }}
        />
      )}
    </span>
  );
}
