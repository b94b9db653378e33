/** A hero room that waits for its start, as its organizer sees it. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { RoundButton } from "../../ui/RoundButton";
import { Stars } from "../../ui/Stars";
import { AmountPair } from "../AmountPair";
import { WaitingRoom } from "../waiting/WaitingRoom";
import { Gathered } from "./Gathered";
import { startRoom } from "./hero-api";
import { KeyCard } from "./KeyCard";
import { TakeBack } from "./TakeBack";

/** Nobody plays alone. */
const FEWEST_PLAYERS = 2;

interface OrganizersRoomProps {
  readonly room: Room;
  readonly userId: string;
}

export function OrganizersRoom({ room, userId }: OrganizersRoomProps): ReactNode {
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
    <WaitingRoom
      room={room}
      userId={userId}
      leaveText={t("hero.takeBack")}
      onLeave={ask}
      above={room.key !== null && <KeyCard room={room} roomKey={room.key} />}
      button={
        <RoundButton
          isDisabled={!isEnough || isStarting}
          data-testid="start"
          onClick={() => void start()}
          aria-describedby="start-hint"
        >
          <strong>{t("hero.start")}</strong>
        </RoundButton>
      }
    >
      <Gathered
        room={room}
        userId={userId}
        hint={
          <span id="start-hint" role={problem === null ? undefined : "alert"}>
            {problem ?? t(isEnough ? "hero.mayStart" : "hero.tooFew")}
          </span>
        }
      />
      <AmountPair
        amounts={[
          { name: t("hero.toWinner"), amount: <Stars amount={room.prize} /> },
          { name: t("hero.toYou"), amount: <Stars amount={part} /> },
        ]}
      />
      {isAsking && (
        <TakeBack
          room={room}
          onClose={() => {
            setIsAsking(false);
          }}
        />
      )}
    </WaitingRoom>
  );
}
