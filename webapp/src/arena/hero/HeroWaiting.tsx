/** A hero room that waits for its organizer's start, as its players see it and as the organizer does. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { Avatar } from "../../ui/Avatar";
import { RoomHeader } from "../../ui/RoomHeader";
import { RoundButton } from "../../ui/RoundButton";
import { Stars } from "../../ui/Stars";
import { formatSeconds, useRemaining } from "../../ui/use-remaining";
import { Stage } from "../reactions/Stage";
import { StakeAndFund } from "../StakeAndFund";
import { StakeLine } from "../StakeLine";
import { useLeaving } from "../use-leaving";
import { Crowd } from "./Crowd";
import { startRoom } from "./hero-api";
import { KeyCard } from "./KeyCard";
import { PlayerList } from "./PlayerList";
import { TakeBack } from "./TakeBack";
import styles from "./hero.module.css";

/** Nobody plays alone. */
const FEWEST_PLAYERS = 2;
/** Up to so many everybody's name stands in the circle. */
const MOST_NAMED = 10;

interface HeroWaitingProps {
  readonly room: Room;
  readonly userId: string;
}

export function HeroWaiting({ room, userId }: HeroWaitingProps): ReactNode {
  return room.organizer_id === userId ? (
    <OrganizersRoom room={room} userId={userId} />
  ) : (
    <PlayersRoom room={room} userId={userId} />
  );
}

function PlayersRoom({ room, userId }: HeroWaitingProps): ReactNode {
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
      {room.organizer && (
        <p className={styles.host}>
          <Avatar
            userId={room.organizer.user_id}
            name={room.organizer.name}
            photoUrl={room.organizer.photo_url}
            size={32}
          />
          <span>
            <small>{t("hero.organizer")}</small>
            <strong dir="auto">{room.organizer.name}</strong>
          </span>
        </p>
      )}
      <Stage players={room.players} seats={room.players.length} userId={userId} Ring={Crowd}>
        <RoundButton isDisabled>
          <strong>{t("game.tap")}</strong>
        </RoundButton>
      </Stage>
      <footer className={styles.foot}>
        <Gathered room={room} userId={userId} hint={t("hero.playerHint")} />
        <StakeAndFund room={room} />
        <StakeLine text={isLeaving ? t("stake.leaving", { stars }) : t("stake.waiting")} />
      </footer>
    </main>
  );
}

function OrganizersRoom({ room, userId }: HeroWaitingProps): ReactNode {
  const { t } = useTranslation();
  const { api, telegram } = useServices();
  const [isAsking, setIsAsking] = useState(false);
  const [isStarting, setIsStarting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ask = useCallback((): void => {
    setIsAsking(true);
  }, []);
  useEffect(() => telegram.onBack(ask), [telegram, ask]);
  const isEnough = room.players.length >= FEWEST_PLAYERS;
  const start = async (): Promise<void> => {
    setIsStarting(true);
    setProblem(null);
    telegram.haptic("select");
    try {
      // The countdown comes by the socket, to everybody at once.
      await startRoom(api.ask, room.room_id);
    } catch (error) {
      setIsStarting(false);
      setProblem(error instanceof ApiError ? error.message : t("connection.unreachable"));
    }
  };
  const part = room.pool - room.prize;
  return (
    <main className={styles.waiting}>
      <RoomHeader room={room}>
        <button type="button" className={styles.leave} onClick={ask}>
          {t("hero.takeBack")}
        </button>
      </RoomHeader>
      {room.key !== null && <KeyCard room={room} roomKey={room.key} />}
      <Stage players={room.players} seats={room.players.length} userId={userId} Ring={Crowd}>
        <RoundButton
          isDisabled={!isEnough || isStarting}
          data-testid="start"
          onClick={() => void start()}
          aria-describedby="start-hint"
        >
          <strong>{t("hero.start")}</strong>
        </RoundButton>
      </Stage>
      <footer className={styles.foot}>
        <Gathered
          room={room}
          userId={userId}
          hint={
            <span id="start-hint" role={problem === null ? undefined : "alert"}>
              {problem ?? t(isEnough ? "hero.mayStart" : "hero.tooFew")}
            </span>
          }
        />
        <dl className={styles.parts}>
          <div>
            <dt>{t("hero.toWinner")}</dt>
            <dd>
              <Stars key={room.prize} amount={room.prize} />
            </dd>
          </div>
          <div>
            <dt>{t("hero.toYou")}</dt>
            <dd>
              <Stars key={part} amount={part} />
            </dd>
          </div>
        </dl>
      </footer>
      {isAsking && (
        <TakeBack
          room={room}
          onClose={() => {
            setIsAsking(false);
          }}
        />
      )}
    </main>
  );
}

/** Who is there, and how long the organizer has; the clock stands at the bottom, to the right. */
function Gathered({
  room,
  userId,
  hint,
}: HeroWaitingProps & { readonly hint: ReactNode }): ReactNode {
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
