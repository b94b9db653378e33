/** Asking until there is a definite answer: for what must not be done twice, so each request has its Idempotency-Key. */
import { ApiError } from "./client";

const REPEAT_MS = [500, 1000, 2000, 4000] as const;

/** `send` again and again while the answer may have been lost and is still wanted.  The last failure is thrown. */
export async function withRetries<T>(
  send: () => Promise<T>,
  isWanted: () => boolean = () => true,
): Promise<T> {
  for (let repeat = 0; ; repeat++) {
    try {
      return await send();
    } catch (error) {
      const waitMs = REPEAT_MS[repeat];
      if (waitMs === undefined || !isPassing(error)) throw error;
      const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, askedMs)));
      if (!isWanted()) throw error;
    }
  }
}

/** Whether the same request may still succeed, or has succeeded unheard. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return error.status >= 500 || error.status === 429 || error.code === "idempotency_in_progress";
}
