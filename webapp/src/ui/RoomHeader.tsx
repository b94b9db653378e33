import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../protocol/generated";
import { Stars } from "./Stars";
import styles from "./ui.module.css";

/** What kind of room this is and what it costs, with a place for an action. */
export function RoomHeader({ room, children }: { room: Room; children?: ReactNode }): ReactNode {
  const { t } = useTranslation();
  return (
    <header className={styles.roomHeader}>
      <div>
        <h1>{t(`room.kind.${room.kind}`)}</h1>
        <p>
          {t("room.entry", { stars: "" })}
          <Stars amount={room.stake} />
        </p>
      </div>
      {children}
    </header>
  );
}
