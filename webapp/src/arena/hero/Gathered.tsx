/** Who is there, and how long the organizer has; the clock stands at the bottom, to the right. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { formatSeconds, useRemaining } from "../../ui/use-remaining";
import { PlayerList } from "./PlayerList";
import styles from "./hero.module.css";

/** Up to so many everybody's name stands in the circle. */
const MOST_NAMED = 10;

interface GatheredProps {
  readonly room: Room;
  readonly userId: string;
  readonly hint: ReactNode;
}

export function Gathered({ room, userId, hint }: GatheredProps): ReactNode {
  const { t } = useTranslation();
  const { clock, send, telegram } = useServices();
  const seconds = useRemaining(clock, room.deadline_ms);
  const [isListed, setIsListed] = useState(false);
  const present = room.players.length;
  const count = t("hero.present", { present, count: room.capacity });
  return (
    <div className={styles.gathered}>
      <div>
        {present > MOST_NAMED ? (
          <button
            type="button"
            className={styles.count}
            onClick={() => {
              setIsListed(true);
            }}
          >
            {count}
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M9 5l7 7-7 7" />
            </svg>
          </button>
        ) : (
          <p className={styles.count}>{count}</p>
        )}
        <p>{hint}</p>
        <p className="visually-hidden" aria-live="polite">
          {count}
        </p>
      </div>
      <p className={styles.clock} data-hurry={seconds <= 30}>
        <small>{t("hero.timeToStart")}</small>
        <span role="timer" aria-label={t("hero.timeToStart")}>
          {formatSeconds(seconds)}
        </span>
      </p>
      {isListed && (
        <PlayerList
          players={room.players}
          userId={userId}
          onPick={(to) => {
            telegram.haptic("select");
            send({ type: "reaction", to });
          }}
          onClose={() => {
            setIsListed(false);
          }}
        />
      )}
    </div>
  );
}
