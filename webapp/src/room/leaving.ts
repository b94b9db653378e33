/** Giving up a seat: the room's own event may tell of it before the answer does, and the next visit may begin in between. */
import { ApiError } from "../api/client";
import type { Room } from "../protocol/generated";
import type { RoomSession } from "./room-session";

export interface LeavingHost {
  /** Gives the balance, with the stake back on it. */
  readonly leave: (roomId: string) => Promise<number>;
  /** The stake is back, and the player in no other room yet. */
  readonly onLeft: (room: Room, balance: number) => void;
  readonly onFailed: () => void;
}

export async function leaveRoom(room: RoomSession, host: LeavingHost): Promise<void> {
  const left = room.view.get()?.room;
  if (!left) return;
  // The next visit may be to the same room.
  const { visit } = room;
  const isStillIn = (): boolean => room.visit === visit;
  try {
    const balance = await host.leave(left.room_id);
    if (isStillIn()) room.close();
    // In the next visit already: a balance from before its stake.
    if (!room.isFollowing.get()) host.onLeft(left, balance);
  } catch (error) {
    // Once the start has begun nobody leaves; the room's own event shows it.
    if (error instanceof ApiError && error.code === "room_closed") return;
    if (isStillIn()) host.onFailed();
  }
}
