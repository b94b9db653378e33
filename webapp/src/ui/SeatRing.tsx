/** The players in a half circle round whatever stands in the middle. */
import type { CSSProperties, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../protocol/generated";
import { Avatar } from "./Avatar";
import { cx } from "./cx";
import { seatPositions } from "./seat-positions";
import { shortName } from "./names";
import styles from "./seats.module.css";

export interface SeatRingProps {
  readonly players: readonly Player[];
  readonly seats: number;
  readonly userId: string;
  /** Makes every face a button. */
  readonly onPick?: (userId: string) => void;
  readonly children: ReactNode;
}

const ROOMY = 10;

export function SeatRing({ players, seats, userId, onPick, children }: SeatRingProps): ReactNode {
  const count = Math.max(seats, players.length);
  const size = count > ROOMY ? 26 : 42;
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
              <Seat player={player} isOwn={player.user_id === userId} size={size} onPick={onPick} />
            </li>
          ) : (
            <li
              key={`free-${String(index)}`}
              className={styles.seat}
              style={style}
              aria-hidden="true"
            >
              <span className={styles.free} />
            </li>
          );
        })}
      </ul>
      <div className={styles.centre}>{children}</div>
    </div>
  );
}

interface SeatProps {
  readonly player: Player;
  readonly isOwn: boolean;
  readonly size: number;
  readonly onPick: SeatRingProps["onPick"];
}

function Seat({ player, isOwn, size, onPick }: SeatProps): ReactNode {
  const { t } = useTranslation();
  const face = (
    <Avatar userId={player.user_id} name={player.name} photoUrl={player.photo_url} size={size} />
  );
  const name = isOwn ? t("room.you") : shortName(player.name, t("room.nobody"));
  if (!onPick) {
    return (
      <span className={styles.face} data-seat={player.user_id} title={player.name}>
        {face}
        <span className={styles.name} dir="auto">
          {name}
        </span>
      </span>
    );
  }
  return (
    <button
      type="button"
      className={styles.face}
      data-seat={player.user_id}
      title={player.name}
      onClick={() => {
        onPick(player.user_id);
      }}
    >
      {face}
      <span className={styles.name} dir="auto" aria-hidden="true">
        {name}
      </span>
      <span className="visually-hidden">
        {isOwn ? t("reactions.own") : t("reactions.send", { name: player.name })}
      </span>
    </button>
  );
}
