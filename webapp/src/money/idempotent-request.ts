/**
 * A request that moves money, sent until there is a definite answer: the same wish goes under the same
 * Idempotency-Key, so that a lost answer never costs twice.
 *
 * Until then it is kept on this device too: Telegram may close the page any moment.
 */
import * as z from "zod/mini";
import { withRetries, isPassing } from "../api/with-retries";
import { device } from "../state/storage";

/** A key that is older was another wish.  An order can be paid for longer than that: the stored one is still of use. */
export const KEY_LIFE_MS = 600_000;

const openSchema = z.object({ wish: z.string(), key: z.string(), startedMs: z.number() });
type Open = z.infer<typeof openSchema>;

export class IdempotentRequest {
  private readonly place: string;
  /** Goes before what storage has: that may be denied, and another tab may have put its own wish there. */
  private open: Open | null = null;

  /** `place`: where it is kept; names what is wished and by whom. */
  constructor(place: string) {
    this.place = place;
  }

  /**
   * `send` again and again while the answer may have been lost.  The last failure is thrown.
   * `wish`: all that makes it this wish; under one key the server takes nothing else.
   */
  async send<T>(wish: object, send: (key: string) => Promise<T>): Promise<T> {
    const { key } = this.begin(JSON.stringify(wish));
    try {
      const answer = await withRetries(() => send(key));
      this.end(key);
      return answer;
    } catch (error) {
      if (!isPassing(error)) this.end(key);
      throw error;
    }
  }

  /** What became of it was heard otherwise: its key would only bring back an answer of the past. */
  settle(): void {
    this.open = null;
    device.forget(this.place);
  }

  private begin(wish: string): Open {
    const now = Date.now();
    const last = [this.open, this.kept()].find(
      (each) => each?.wish === wish && now - each.startedMs < KEY_LIFE_MS,
    );
    this.open = last ?? { wish, key: crypto.randomUUID(), startedMs: now };
    if (!last) device.remember(this.place, this.open);
    return this.open;
  }

  private end(key: string): void {
    if (this.open?.key === key) this.open = null;
    if (this.kept()?.key === key) device.forget(this.place);
  }

  private kept(): Open | null {
    return device.recall(this.place, openSchema);
  }
}
