/** The first three of a crowd, with names: who they are is not to be read off fifty small bars. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Track } from "../game/Track";
import type { Player } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { firstOf } from "./first-of";
import styles from "./race.module.css";

const SHOWN = 3;

export function Leaders({
  players,
  scale,
  userId,
}: {
  players: readonly Player[];
  scale: number;
  userId: string;
}): ReactNode {
  const { t } = useTranslation();
  const first = firstOf(players, SHOWN);
  return (
    <ol className={styles.leaders} aria-label={t("hero.leads")}>
      {Array.from({ length: SHOWN }, (_, index) => {
        const player = first[index];
        // Their places are there from the start, so that nothing moves when they fill.
        if (!player) return <li key={index} aria-hidden="true" />;
        return (
          <li key={index}>
            <Avatar
              userId={player.user_id}
              name={player.name}
              photoUrl={player.photo_url}
              size={24}
            />
            <span className={styles.name} dir="auto">
              {player.user_id === userId ? t("room.you") : player.name}
            </span>
            <b>{player.taps}</b>
            <Track taps={player.taps} scale={scale} looks={styles.track} />
          </li>
        );
      })}
    </ol>
  );
}
