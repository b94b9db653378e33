/** The players in a half circle round whatever stands in the middle. */
import type { CSSProperties, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../protocol/generated";
import { Avatar } from "./Avatar";
import { cx } from "./cx";
import { seatPositions } from "./seat-positions";
import styles from "./seats.module.css";

interface SeatRingProps {
  readonly players: readonly Player[];
  readonly seats: number;
  readonly userId: string;
  readonly children: ReactNode;
}

const ROOMY = 10;

export function SeatRing({ players, seats, userId, children }: SeatRingProps): ReactNode {
  const { t } = useTranslation();
  const count = Math.max(seats, players.length);
  const size = count > ROOMY ? 26 : 48;
  return (
    <div className={styles.ring}>
      <ul>
        {seatPositions(count).map(({ x, y }, index) => {
          const player = players[index];
          const style = { left: `${x}%`, top: `${y}%`, "--avatar": `${size}px` } as CSSProperties;
          return player ? (
            <li
              key={player.user_id}
              className={cx(styles.seat, player.user_id === userId && styles.own)}
              style={style}
            >
              <Avatar
                userId={player.user_id}
                name={player.name}
                photoUrl={player.photo_url}
                size={size}
              />
              <span className={styles.name} dir="auto">
                {player.user_id === userId ? t("room.you") : player.name}
              </span>
            </li>
          ) : (
            <li
              key={`free-${String(index)}`}
              className={styles.seat}
              style={style}
              aria-hidden="true"
            >
              <span className={styles.free} />
              <span className={styles.name} />
            </li>
          );
        })}
      </ul>
      <div className={styles.centre}>{children}</div>
    </div>
  );
}
