/** What an organizer has in place of the button: who leads, and how far from the goal. */
import type { CSSProperties, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { StakeLine } from "../StakeLine";
import { firstOf } from "./first-of";
import { useOrganizerPart } from "./use-organizer-part";
import styles from "./race.module.css";

export function Watch({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  const leader = firstOf(room.players, 1)[0];
  const taps = leader?.taps ?? 0;
  return (
    <section className={styles.watch} data-testid="watch" aria-label={t("hero.watching")}>
      <span
        className={styles.dial}
        style={{ "--part": Math.min(1, taps / Math.max(1, room.target ?? taps)) } as CSSProperties}
      >
        {leader ? (
          <Avatar
            key={leader.user_id}
            userId={leader.user_id}
            name={leader.name}
            photoUrl={leader.photo_url}
            size={96}
          />
        ) : (
          <i />
        )}
      </span>
      <p>
        <small>{t(leader ? "hero.leads" : "hero.watching")}</small>
        <strong dir="auto">{leader ? leader.name : t("hero.nobodyYet")}</strong>
      </p>
      <p className={styles.goal}>
        {room.target === null
          ? t("game.taps", { count: taps })
          : t("hero.leadsOf", { taps, goal: room.target })}
      </p>
    </section>
  );
}

/** Where a player's stake is told, an organizer is told why there is nothing to tap. */
export function WatchLine(): ReactNode {
  const { t } = useTranslation();
  const part = useOrganizerPart();
  return (
    <footer className={styles.watchLine}>
      <StakeLine text={t("hero.watchingText", { part })} />
    </footer>
  );
}
