/** A waiting room and its players, for tests that need them whole: what matters to a test, it says itself. */
import type { Player, Room } from "../protocol/generated";

export function samplePlayer(user_id: string, change: Partial<Player> = {}): Player {
  const name = `Player ${user_id}`;
  return { user_id, name, photo_url: null, taps: 0, seq: 0, state: "paid", place: null, ...change };
}

export function sampleRoom(change: Partial<Room> = {}): Room {
  return {
    room_id: "00abcdefghijklmn",
    kind: "standard",
    state: "waiting",
    stake: 50,
    capacity: 10,
    target: null,
    pool: 100,
    prize: 90,
    organizer_id: null,
    organizer: null,
    key: null,
    created_ms: 1,
    deadline_ms: 60_001,
    starts_ms: null,
    ends_ms: null,
    version: 7,
    players: [samplePlayer("1"), samplePlayer("2")],
    result: null,
    ...change,
  };
}
