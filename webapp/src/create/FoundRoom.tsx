/** The terms of the room that a key leads to, and the one button that takes the fee. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { KeyedRoom, User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Foot } from "../ui/Foot";
import { Row, Rows } from "../ui/Rows";
import { Stars } from "../ui/Stars";
import { formatSeconds, useRemaining } from "../ui/use-remaining";
import styles from "./create.module.css";

interface FoundRoomProps {
  readonly roomKey: string;
  readonly room: KeyedRoom;
  readonly user: User;
}

export function FoundRoom({ roomKey, room, user }: FoundRoomProps): ReactNode {
  const { t } = useTranslation();
  const { clock, joining, offers } = useServices();
  const capacity = useStore(offers)?.hero.capacity;
  const seconds = useRemaining(clock, room.deadline_ms);
  const isBusy = useStore(joining.state).name === "busy";
  const isFull = capacity !== undefined && room.players >= capacity;
  const rest = user.balance - room.fee;
  const { organizer } = room;
  return (
    <>
      <div className={styles.found}>
        <div className={styles.host}>
          {organizer && (
            <Avatar
              userId={organizer.user_id}
              name={organizer.name}
              photoUrl={organizer.photo_url}
              size={44}
            />
          )}
          <p>
            <small>{t("key.organizer")}</small>
            <strong dir="auto">{organizer?.name ?? t("key.somebody")}</strong>
          </p>
          <p className={styles.price}>
            <small>{t("key.fee")}</small>
            <Stars amount={room.fee} />
          </p>
        </div>
        <Rows>
          <Row
            label={t("key.players")}
            value={
              capacity === undefined
                ? room.players
                : t("key.playersOf", { present: room.players, capacity })
            }
          />
          <Row
            label={t("key.deadline")}
            hint={t("key.deadlineHint")}
            value={
              <time role="timer" aria-label={t("key.deadline")}>
                {formatSeconds(seconds)}
              </time>
            }
          />
          <Row
            label={t(rest < 0 ? "key.missing" : "key.rest")}
            value={<Stars amount={Math.abs(rest)} />}
          />
        </Rows>
        <p className={styles.promise}>{t("key.promise")}</p>
      </div>
      <Foot>
        <Button
          isBusy={isBusy}
          whyNot={isFull ? t("key.fullHint") : seconds === 0 ? t("key.timeUp") : null}
          onClick={() => void joining.join({ kind: "key", key: roomKey, fee: room.fee })}
        >
          {isFull
            ? t("key.full")
            : isBusy
              ? t("key.joining")
              : t(rest < 0 ? "key.topUp" : "key.join", {
                  stars: t("money.starsAccusative", { count: room.fee }),
                })}
        </Button>
      </Foot>
    </>
  );
}
