/** What only the organizer of a hero room may ask. */
import { type Ask, API } from "../../api/game-api";
import { type Room, roomAnswerSchema } from "../../protocol/generated";

/** Repeated: the room as it is by now. */
export async function startRoom(ask: Ask, roomId: string): Promise<Room> {
  const path = `${API}/rooms/${roomId}/start`;
  return (await ask({ method: "POST", path, answer: roomAnswerSchema })).room;
}
