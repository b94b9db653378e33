/** By which methods somebody can pay in here. */
import type { Offers, User } from "../protocol/generated";

/** Telegram takes Stars only from the Telegram account that logs in. */
export function methodsFor(user: User | null, { deposits }: Offers): Offers["deposits"] {
  return { ...deposits, stars: deposits.stars && user?.telegram_id != null };
}
