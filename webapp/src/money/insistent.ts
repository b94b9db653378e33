/**
 * A request that moves money, sent until there is a definite answer: the same wish goes under the same
 * Idempotency-Key, so that a lost answer never costs twice.
 */
import { ApiError } from "../api/client";
import { isPassing } from "../join/joining";

const REPEAT_MS = [500, 1000, 2000, 4000] as const;

export class Insistent {
  private open: { readonly wish: string; readonly key: string } | null = null;

  /** `send` again and again while the answer may have been lost.  The last failure is thrown. */
  async send<T>(wish: object, send: (key: string) => Promise<T>): Promise<T> {
    const text = JSON.stringify(wish);
    if (this.open?.wish !== text) this.open = { wish: text, key: crypto.randomUUID() };
    const { key } = this.open;
    for (let repeat = 0; ; repeat++) {
      try {
        const answer = await send(key);
        this.open = null;
        return answer;
      } catch (error) {
        const waitMs = REPEAT_MS[repeat];
        if (!isPassing(error)) {
          this.open = null;
          throw error;
        }
        if (waitMs === undefined) throw error;
        const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
        await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, askedMs)));
      }
    }
  }
}
