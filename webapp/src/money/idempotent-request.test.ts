import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import { IdempotentRequest } from "./idempotent-request";

const refusal = (code: "conflict" | "internal", status: number): ApiError =>
  new ApiError(status, { code, message: "" }, null);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

async function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await vi.runAllTimersAsync();
  return promise;
}

describe("a request that moves money", () => {
  it("is sent again under its key while its answer may be lost", async () => {
    const keys: string[] = [];
    const asking = new IdempotentRequest("asking");
    const send = (key: string): Promise<string> => {
      keys.push(key);
      if (keys.length < 3) return Promise.reject(new NetworkError("gone"));
      return Promise.resolve("done");
    };
    expect(await settled(asking.send({ stars: 1 }, send))).toBe("done");
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    await settled(asking.send({ stars: 1 }, send));
    expect(new Set(keys).size).toBe(2);
  });

  it("keeps its key for the next try of the same, and takes a new one for something else", async () => {
    const keys: string[] = [];
    const asking = new IdempotentRequest("asking");
    const away = (key: string): Promise<never> => {
      keys.push(key);
      return Promise.reject(refusal("internal", 503));
    };
    await expect(settled(asking.send({ stars: 1 }, away))).rejects.toThrow();
    await expect(settled(asking.send({ stars: 1 }, away))).rejects.toThrow();
    expect([keys.length, new Set(keys).size]).toEqual([10, 1]);
    await expect(settled(asking.send({ stars: 2 }, away))).rejects.toThrow();
    expect(new Set(keys).size).toBe(2);
  });

  it("is over when it is refused", async () => {
    const send = vi.fn(() => Promise.reject(refusal("conflict", 409)));
    await expect(settled(new IdempotentRequest("asking").send({}, send))).rejects.toThrow();
    expect(send).toHaveBeenCalledTimes(1);
  });
});
