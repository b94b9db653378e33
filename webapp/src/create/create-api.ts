/** Hero rooms before one sits in them. */
import { type Ask, API } from "../api/game-api";
import { type KeyedRoom, keyedRoomSchema } from "../protocol/generated";

/** What the room with this key costs.  Takes nothing. */
export function lookUpRoom(ask: Ask, key: string): Promise<KeyedRoom> {
  return ask({
    method: "GET",
    path: `${API}/rooms/by-key/${encodeURIComponent(key)}`,
    answer: keyedRoomSchema,
  });
}
