/** The players of a hero room in circles round whatever stands in the middle; the more they are, the smaller. */
import { type CSSProperties, type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Player } from "../../protocol/generated";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { shortName } from "../../ui/names";
import type { SeatRingProps } from "../../ui/SeatRing";
import { planCrowd } from "./crowd-positions";
import styles from "./crowd.module.css";

/** Faces are buttons as long as fingers can tell them apart. */
export function Crowd({ players, userId, onPick, children }: SeatRingProps): ReactNode {
  const count = players.length;
  const { avatar, isRoomy, spots } = useMemo(() => planCrowd(count), [count]);
  return (
    <div className={styles.scene} style={{ "--avatar": `${avatar}px` } as CSSProperties}>
      <ul>
        {players.map((player, index) => {
          const { x, y } = spots[index] ?? { x: 50, y: 50 };
          return (
            <li
              key={player.user_id}
              className={cx(styles.spot, player.user_id === userId && styles.own)}
              style={{ left: `${x}%`, top: `${y}%` }}
            >
              <Face
                player={player}
                isOwn={player.user_id === userId}
                size={avatar}
                isRoomy={isRoomy}
                onPick={onPick}
              />
            </li>
          );
        })}
      </ul>
      <div className={styles.centre}>{children}</div>
    </div>
  );
}

interface FaceProps {
  readonly player: Player;
  readonly isOwn: boolean;
  readonly size: number;
  readonly isRoomy: boolean;
  readonly onPick: SeatRingProps["onPick"];
}

function Face({ player, isOwn, size, isRoomy, onPick }: FaceProps): ReactNode {
  const { t } = useTranslation();
  const { user_id, name, photo_url } = player;
  const who = (
    <>
      <Avatar userId={user_id} name={name} photoUrl={photo_url} size={size} />
      <span className={isRoomy ? styles.name : "visually-hidden"} dir="auto">
        {isOwn ? t("room.you") : shortName(name, t("room.nobody"))}
      </span>
    </>
  );
  if (!onPick || !isRoomy) {
    return (
      <span className={styles.face} data-seat={user_id} title={name}>
        {who}
      </span>
    );
  }
  return (
    <button
      type="button"
      className={styles.face}
      data-seat={user_id}
      title={name}
      aria-label={isOwn ? t("reactions.own") : t("reactions.send", { name })}
      onClick={() => {
        onPick(user_id);
      }}
    >
      {who}
    </button>
  );
}
