/** Who made a hero room, for those who play in it. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import styles from "./hero.module.css";

export function Organizer({ room: { organizer } }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  if (!organizer) return null;
  const { user_id, name, photo_url } = organizer;
  return (
    <p className={styles.host}>
      <Avatar userId={user_id} name={name} photoUrl={photo_url} size={32} />
      <span>
        <small>{t("hero.organizer")}</small>
        <strong dir="auto">{name}</strong>
      </span>
    </p>
  );
}
