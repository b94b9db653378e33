/** What is said when a room ends before its game, to whoever was in it.  Pure. */
import type { Room } from "../protocol/generated";
import type { NoticeKey } from "../texts/texts";
import type { Cancellation } from "./reducer";

export function cancellationNotice(
  room: Room,
  reason: Cancellation["reason"],
  userId: string,
): NoticeKey {
  const isOwn = room.organizer_id === userId;
  if (isOwn) return reason === "not_started" ? "notice.ownExpired" : "notice.ownClosing";
  switch (reason) {
    case "not_enough_players":
      return "notice.notEnoughPlayers";
    case "not_started":
      return "notice.notStarted";
    case "organizer_left":
      return "notice.organizerLeft";
    default:
      return "notice.cancelled";
  }
}

/** Of one's own leaving: an organizer has no stake.  The room tells of it before the stakes are back, the answer after. */
export function leftNotice(room: Room, userId: string, isBack: boolean): NoticeKey {
  if (room.organizer_id === userId) return isBack ? "notice.ownClosed" : "notice.ownClosing";
  return isBack ? "notice.left" : "notice.leaving";
}
