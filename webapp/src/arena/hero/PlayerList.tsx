/** Everybody's whole name, where the circles are too dense for names; a tap on one is a reaction. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Sheet } from "../../ui/Sheet";
import styles from "./hero.module.css";

interface PlayerListProps {
  readonly players: readonly Player[];
  readonly userId: string;
  readonly onPick: (userId: string) => void;
  readonly onClose: () => void;
}

export function PlayerList({ players, userId, onPick, onClose }: PlayerListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Sheet title={t("hero.players", { count: players.length })} onClose={onClose}>
      <ul className={styles.list}>
        {players.map(({ user_id, name, photo_url }) => (
          <li key={user_id}>
            <button
              type="button"
              onClick={() => {
                onPick(user_id);
              }}
            >
              <Avatar userId={user_id} name={name} photoUrl={photo_url} size={32} />
              <span dir="auto">{user_id === userId ? t("room.you") : name}</span>
            </button>
          </li>
        ))}
      </ul>
      <Button kind="quiet" onClick={onClose}>
        {t("join.close")}
      </Button>
    </Sheet>
  );
}
