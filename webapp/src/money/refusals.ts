/** Why something about money was refused, and the words for it. */
import type { TFunction } from "i18next";
import { ApiError } from "../api/client";

const MINUTE_MS = 60_000;

export interface Refused {
  /** Null: the server was out of reach. */
  readonly code: string | null;
  /** The server's own words. */
  readonly message: string | null;
  /** Of several limits that one code stands for. */
  readonly limit: string | null;
  readonly waitMs: number | null;
}

export function refusedBy(error: unknown): Refused {
  if (!(error instanceof ApiError)) return { code: null, message: null, limit: null, waitMs: null };
  const { code, message, details, retryAfterMs } = error;
  const limit = typeof details.limit === "string" ? details.limit : null;
  return { code, message, limit, waitMs: retryAfterMs };
}

/** What the server says, where this app knows nothing better. */
export function refusalText(t: TFunction, refused: Refused): string | null {
  switch (refused.code) {
    case null:
      return t("pay.unreachable");
    case "conflict":
      return t("pay.tooMany");
    case "limit_reached":
      return t("pay.limited");
    case "rate_limited":
      return refused.limit === "unpaid_orders"
        ? t("pay.tooOften", {
            time: t("pay.minutes", {
              count: Math.max(1, Math.ceil((refused.waitMs ?? 0) / MINUTE_MS)),
            }),
          })
        : refused.message;
    default:
      return refused.message;
  }
}
