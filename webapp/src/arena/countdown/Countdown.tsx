import { Fragment, type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { useSounds } from "../../sounds/use-sounds";
import { cx } from "../../ui/cx";
import { RoomHeader } from "../../ui/RoomHeader";
import { RoundButton } from "../../ui/RoundButton";
import { SeatRing } from "../../ui/SeatRing";
import { useRemaining } from "../../ui/use-remaining";
import { Crowd } from "../hero/Crowd";
import { Stage } from "../reactions/Stage";
import { StakeLine } from "../StakeLine";
import styles from "./countdown.module.css";

const WORDS = ["countdown.ready", "countdown.steady", "countdown.tap"] as const;

/** «Старт, внимание, TAP»: one word a second, the last one with the last second. */
export function Countdown({ room, userId }: { room: Room; userId: string }): ReactNode {
  const { t } = useTranslation();
  const { clock, telegram } = useServices();
  const sounds = useSounds();
  const number = Math.max(1, useRemaining(clock, room.starts_ms));
  const spoken = Math.max(0, WORDS.length - number);
  useEffect(() => {
    telegram.haptic("tap");
    sounds.play("tick");
  }, [telegram, sounds, number]);
  const isPlayer = room.players.some((player) => player.user_id === userId);
  const stars = t("money.stars", { count: room.stake });
  return (
    <main className={styles.countdown}>
      <RoomHeader room={room} />
      <Stage
        players={room.players}
        seats={room.players.length}
        userId={userId}
        Ring={room.kind === "hero" ? Crowd : SeatRing}
      >
        <RoundButton isDisabled>
          <b key={number} className={cx(styles.number, spoken === WORDS.length - 1 && styles.last)}>
            {number}
          </b>
        </RoundButton>
      </Stage>
      <footer className={styles.foot}>
        <p className={styles.words} aria-hidden="true">
          {WORDS.map((word, index) => (
            <Fragment key={word}>
              {index > 0 && ", "}
              <span className={cx(index === spoken && styles.now)}>{t(word)}</span>
            </Fragment>
          ))}
        </p>
        {isPlayer && <StakeLine text={t("stake.playing", { stars })} />}
      </footer>
      <p className="visually-hidden" role="status" aria-live="assertive">
        {t("countdown.label", { number })}
      </p>
    </main>
  );
}
