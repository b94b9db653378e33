import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { RoomHeader } from "../../ui/RoomHeader";
import { RoundButton } from "../../ui/RoundButton";
import { TimerRing } from "../../ui/TimerRing";
import { formatSeconds, useRemaining } from "../../ui/use-remaining";
import { Stage } from "../reactions/Stage";
import { StakeAndFund } from "../StakeAndFund";
import { StakeLine } from "../StakeLine";
import { useLeaving } from "../use-leaving";
import styles from "./waiting.module.css";

export function Waiting({ room, userId }: { room: Room; userId: string }): ReactNode {
  const { t } = useTranslation();
  const { leave, isLeaving } = useLeaving();
  const stars = t("money.stars", { count: room.stake });
  return (
    <main className={styles.waiting}>
      <RoomHeader room={room}>
        <button type="button" className={styles.leave} onClick={leave} disabled={isLeaving}>
          {t("waiting.leave")}
        </button>
      </RoomHeader>
      <Stage players={room.players} seats={room.capacity} userId={userId}>
        <WaitingButton room={room} />
      </Stage>
      <footer className={styles.foot}>
        <p className={styles.count} aria-live="polite">
          {t("waiting.progress", { present: room.players.length, count: room.capacity })}
        </p>
        <p className={styles.hint}>{t("waiting.hint")}</p>
        <StakeAndFund room={room} />
        <StakeLine text={isLeaving ? t("stake.leaving", { stars }) : t("stake.waiting")} />
      </footer>
    </main>
  );
}

/** The button before it can be tapped: it counts the time that is left to gather. */
function WaitingButton({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const seconds = useRemaining(clock, room.deadline_ms);
  return (
    <RoundButton isDisabled>
      {room.deadline_ms !== null && (
        <TimerRing clock={clock} fromMs={room.created_ms} untilMs={room.deadline_ms} />
      )}
      <strong>{t("game.tap")}</strong>
      <span role="timer" aria-label={t("waiting.seconds", { count: seconds })}>
        {formatSeconds(seconds)}
      </span>
    </RoundButton>
  );
}
