/**
 * REST: one call, its errors, and nothing about who is logged in.
 *
 * Every answer goes through its generated schema; every refusal becomes an `ApiError`, everything else that goes
 * wrong on the way a `NetworkError` (the request may or may not have been carried out).
 */
import type * as z from "zod/mini";
import { type ErrorBody, errorBodySchema, type ErrorCode } from "../protocol/generated";
import { apiUrl } from "./origin";

const TIMEOUT_MS = 10_000;

export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode | (string & {});
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | null;

  constructor(status: number, body: ErrorBody, retryAfterMs: number | null) {
    super(body.message);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code;
    this.details = body.details ?? {};
    this.retryAfterMs = retryAfterMs;
  }
}

export class NetworkError extends Error {
  override readonly name = "NetworkError";
  /** Something answered, if not what was asked. */
  readonly wasAnswered: boolean;

  constructor(
    message: string,
    { wasAnswered = false, cause }: { wasAnswered?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.wasAnswered = wasAnswered;
  }
}

export interface Request<S extends z.ZodMiniType> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly answer: S;
  readonly body?: object;
  readonly token?: string;
  readonly idempotencyKey?: string;
  readonly language: string;
}

export async function call<S extends z.ZodMiniType>(request: Request<S>): Promise<z.output<S>> {
  const response = await send(request);
  const json = await readJson(response);
  if (!response.ok) throw refusal(response, json);
  const parsed = request.answer.safeParse(json);
  if (!parsed.success)
    throw new NetworkError(`an answer of ${request.path} that no schema fits`, {
      wasAnswered: true,
    });
  return parsed.data;
}

async function send(request: Request<z.ZodMiniType>): Promise<Response> {
  const headers = new Headers({ "Accept-Language": request.language });
  if (request.body) headers.set("Content-Type", "application/json");
  if (request.token) headers.set("Authorization", `Bearer ${request.token}`);
  if (request.idempotencyKey) headers.set("Idempotency-Key", request.idempotencyKey);
  try {
    return await fetch(apiUrl(request.path), {
      method: request.method,
      headers,
      body: request.body ? JSON.stringify(request.body) : null,
      signal: timeout(),
      cache: "no-store",
    });
  } catch (error) {
    throw new NetworkError(request.path, { cause: error });
  }
}

/** Ends the reading of an answer too.  `AbortSignal.timeout` is newer than many a phone's WebView. */
function timeout(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort();
  }, TIMEOUT_MS);
  return controller.signal;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (!response.ok) return null;
    throw new NetworkError("an answer that is not JSON", { wasAnswered: true, cause: error });
  }
}

function refusal(response: Response, json: unknown): Error {
  const body = errorBodySchema.safeParse(json);
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
  if (body.success) return new ApiError(response.status, body.data, retryAfterMs);
  // Something between us and the gateway answered.
  return new NetworkError(`status ${response.status}`, { wasAnswered: true });
}
