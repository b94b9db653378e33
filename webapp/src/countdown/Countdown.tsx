import { Fragment, type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { Room } from "../protocol/generated";
import { cx } from "../ui/cx";
import { RoomHeader } from "../ui/RoomHeader";
import { RoundButton } from "../ui/RoundButton";
import { SeatRing } from "../ui/SeatRing";
import { useRemaining } from "../ui/use-remaining";
import styles from "./countdown.module.css";

const WORDS = ["countdown.ready", "countdown.steady", "countdown.tap"] as const;

/** «Старт, внимание, TAP»: one word a second, the last one with the last second. */
export function Countdown({ room, userId }: { room: Room; userId: string }): ReactNode {
  const { t } = useTranslation();
  const { clock, telegram } = useServices();
  const number = Math.max(1, useRemaining(clock, room.starts_ms));
  const spoken = Math.max(0, WORDS.length - number);
  useEffect(() => {
    telegram.haptic("tap");
  }, [telegram, number]);
  return (
    <main className={styles.countdown}>
      <RoomHeader room={room} />
      <div className={styles.stage}>
        <SeatRing players={room.players} seats={room.players.length} userId={userId}>
          <RoundButton isDisabled>
            <b key={number} className={styles.number} aria-hidden="true">
              {number}
            </b>
          </RoundButton>
        </SeatRing>
      </div>
      <p className={styles.words} aria-hidden="true">
        {WORDS.map((word, index) => (
          <Fragment key={word}>
            {index > 0 && ", "}
            <span className={cx(index === spoken && styles.now)}>{t(word)}</span>
          </Fragment>
        ))}
      </p>
      <p className="visually-hidden" role="status" aria-live="assertive">
        {t("countdown.label", { number })}
      </p>
    </main>
  );
}
