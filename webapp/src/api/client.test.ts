import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod/mini";
import { call, NetworkError } from "./client";

const LOOK = {
  method: "GET",
  path: "/api/v1/me",
  answer: z.object({ a: z.int() }),
  language: "en",
} as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a request", () => {
  it("goes out where AbortSignal.timeout is not known", async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      throw new TypeError("AbortSignal.timeout is not a function");
    });
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ a: 1 })));
    expect(await call(LOOK)).toEqual({ a: 1 });
  });

  it("is given up after its time, an answer that stops halfway included", async () => {
    const stuck = (_: string, { signal }: { signal: AbortSignal }): Promise<Response> => {
      const body = new ReadableStream({
        start: (stream) => {
          signal.addEventListener("abort", () => {
            stream.error(signal.reason);
          });
        },
      });
      return Promise.resolve(new Response(body));
    };
    vi.stubGlobal("fetch", stuck);
    const over = expect(call(LOOK)).rejects.toBeInstanceOf(NetworkError);
    await vi.advanceTimersByTimeAsync(10_000);
    await over;
  });
});
