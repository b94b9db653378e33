/** The newest notice that a player has seen on this device: newer ones get a dot. */

const PREFIX = "chance-tap.seen-notice.";

export function lastSeen(userId: string): string | null {
  try {
    return localStorage.getItem(PREFIX + userId);
  } catch {
    return null;
  }
}

export function markSeen(userId: string, noticeId: string): void {
  if (!isNewer(noticeId, lastSeen(userId))) return;
  try {
    localStorage.setItem(PREFIX + userId, noticeId);
  } catch {
    // Full or denied: the dot comes back with the next visit.
  }
}

/** Ids are rising numbers, and may be too long for a number of JavaScript. */
export function isNewer(noticeId: string, seen: string | null): boolean {
  if (seen === null || !/^\d+$/.test(seen)) return true;
  if (noticeId.length !== seen.length) return noticeId.length > seen.length;
  return noticeId > seen;
}
