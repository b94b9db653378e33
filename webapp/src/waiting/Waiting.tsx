import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { Room } from "../protocol/generated";
import { RoomHeader } from "../ui/RoomHeader";
import { RoundButton } from "../ui/RoundButton";
import { SeatRing } from "../ui/SeatRing";
import { Stars } from "../ui/Stars";
import { TimerRing } from "../ui/TimerRing";
import { formatSeconds, useRemaining } from "../ui/use-remaining";
import styles from "./waiting.module.css";

export function Waiting({ room, userId }: { room: Room; userId: string }): ReactNode {
  const { t } = useTranslation();
  const { clock, telegram, leaveRoom } = useServices();
  const seconds = useRemaining(clock, room.deadline_ms);
  const [isLeaving, setIsLeaving] = useState(false);
  const leave = (): void => {
    setIsLeaving(true);
    void leaveRoom().finally(() => {
      setIsLeaving(false);
    });
  };
  useEffect(
    () =>
      telegram.onBack(() => {
        void leaveRoom();
      }),
    [telegram, leaveRoom],
  );
  return (
    <main className={styles.waiting}>
      <RoomHeader room={room}>
        <button type="button" className={styles.leave} onClick={leave} disabled={isLeaving}>
          {t(isLeaving ? "waiting.leaving" : "waiting.leave")}
        </button>
      </RoomHeader>
      <div className={styles.stage}>
        <SeatRing players={room.players} seats={room.capacity} userId={userId}>
          <RoundButton isDisabled>
            {room.deadline_ms !== null && (
              <TimerRing clock={clock} fromMs={room.created_ms} untilMs={room.deadline_ms} />
            )}
            <strong>{t("game.tap")}</strong>
            <span role="timer" aria-label={t("waiting.seconds", { count: seconds })}>
              {formatSeconds(seconds)}
            </span>
          </RoundButton>
        </SeatRing>
      </div>
      <footer className={styles.foot}>
        <p className={styles.count} aria-live="polite">
          {t("waiting.progress", { present: room.players.length, count: room.capacity })}
        </p>
        <p>{t("waiting.hint")}</p>
        <p className={styles.fund}>
          {t("room.prizeFund")} <Stars amount={room.prize} />
        </p>
      </footer>
    </main>
  );
}
