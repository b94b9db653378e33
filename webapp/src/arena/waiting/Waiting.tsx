/** A room that waits, of either kind, as its players see it; the organizer of a hero room has a screen of their own. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { RoundButton } from "../../ui/RoundButton";
import { TimerRing } from "../../ui/TimerRing";
import { formatSeconds, useRemaining } from "../../ui/use-remaining";
import { Gathered } from "../hero/Gathered";
import { Organizer } from "../hero/Organizer";
import { OrganizersRoom } from "../hero/OrganizersRoom";
import { StakeAndFund } from "../StakeAndFund";
import { StakeLine } from "../StakeLine";
import { useLeaving } from "../use-leaving";
import { WaitingRoom } from "./WaitingRoom";
import styles from "./waiting.module.css";

interface WaitingProps {
  readonly room: Room;
  readonly userId: string;
}

export function Waiting({ room, userId }: WaitingProps): ReactNode {
  return room.organizer_id === userId ? (
    <OrganizersRoom room={room} userId={userId} />
  ) : (
    <PlayersRoom room={room} userId={userId} />
  );
}

function PlayersRoom({ room, userId }: WaitingProps): ReactNode {
  const { t } = useTranslation();
  const { leave, isLeaving } = useLeaving();
  const stars = t("money.stars", { count: room.stake });
  const isHero = room.kind === "hero";
  return (
    <WaitingRoom
      room={room}
      userId={userId}
      leaveText={t("waiting.leave")}
      onLeave={leave}
      isLeaving={isLeaving}
      above={isHero && <Organizer room={room} />}
      button={
        <RoundButton isDisabled>{isHero ? <Tap /> : <TapWithTimer room={room} />}</RoundButton>
      }
    >
      {isHero ? (
        <Gathered room={room} userId={userId} hint={t("hero.playerHint")} />
      ) : (
        <Progress room={room} />
      )}
      <StakeAndFund room={room} />
      <StakeLine text={isLeaving ? t("stake.leaving", { stars }) : t("stake.waiting")} />
    </WaitingRoom>
  );
}

function Tap(): ReactNode {
  const { t } = useTranslation();
  return <strong>{t("game.tap")}</strong>;
}

/** The button before it can be tapped counts the time that is left to gather. */
function TapWithTimer({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const seconds = useRemaining(clock, room.deadline_ms);
  return (
    <>
      {room.deadline_ms !== null && (
        <TimerRing clock={clock} fromMs={room.created_ms} untilMs={room.deadline_ms} />
      )}
      <Tap />
      <span role="timer" aria-label={t("waiting.seconds", { count: seconds })}>
        {formatSeconds(seconds)}
      </span>
    </>
  );
}

function Progress({ room }: { room: Room }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles.progress}>
      <p className={styles.count} aria-live="polite">
        {t("waiting.progress", { present: room.players.length, count: room.capacity })}
      </p>
      <p className={styles.hint}>{t("waiting.hint")}</p>
    </div>
  );
}
