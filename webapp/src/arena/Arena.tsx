/** The room a player is in: which of its screens is shown follows from what the room is doing. */
import "../texts/arena";
import "../texts/hero";
import type { ReactNode } from "react";
import type { RoomView } from "../room/reducer";
import { useSounds } from "../sounds/use-sounds";
import { Countdown } from "./countdown/Countdown";
import { Game } from "./game/Game";
import { Cancelled } from "./results/Cancelled";
import { Results } from "./results/Results";
import { Waiting } from "./waiting/Waiting";

export default function Arena({ view, userId }: { view: RoomView; userId: string }): ReactNode {
  // Made now, so that any gesture from here on brings the sound.
  useSounds();
  const { room, outcome, cancelled } = view;
  switch (room.state) {
    case "waiting":
      return <Waiting room={room} userId={userId} />;
    case "countdown":
      return <Countdown room={room} userId={userId} />;
    case "playing":
      return <Game room={room} userId={userId} />;
    case "finished":
    case "settled":
      return outcome && <Results room={room} outcome={outcome} userId={userId} />;
    case "cancelled":
      return cancelled && <Cancelled room={room} cancelled={cancelled} userId={userId} />;
  }
}
