/**
 * A request that moves money, sent until there is a definite answer: the same wish goes under the same
 * Idempotency-Key, so that a lost answer never costs twice.
 */
import { insist, isPassing } from "../api/insist";

/** A key that is older was another wish.  An order can be paid for longer than that: the stored one is still of use. */
export const KEY_LIFE_MS = 600_000;

export class Insistent {
  private open: { readonly wish: string; readonly key: string; readonly startedMs: number } | null =
    null;

  /** `send` again and again while the answer may have been lost.  The last failure is thrown. */
  async send<T>(wish: object, send: (key: string) => Promise<T>): Promise<T> {
    const text = JSON.stringify(wish);
    const now = Date.now();
    if (this.open?.wish !== text || now - this.open.startedMs >= KEY_LIFE_MS) {
      this.open = { wish: text, key: crypto.randomUUID(), startedMs: now };
    }
    const { key } = this.open;
    try {
      const answer = await insist(() => send(key));
      this.open = null;
      return answer;
    } catch (error) {
      if (!isPassing(error)) this.open = null;
      throw error;
    }
  }
}
