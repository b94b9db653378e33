import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import type { Wish } from "../api/wish";
import type { Room } from "../protocol/generated";
import { sampleStorage } from "../state/sample-storage";
import { Joining, type JoinHost, ownLimit } from "./joining";

const FIFTY: Wish = { kind: "standard", stake: 50 };
const ROOM = { room_id: "00abcdefghijklmn" } as Room;

function refusal(status: number, code: string, details: Record<string, unknown> = {}): ApiError {
  return new ApiError(status, { code, message: "no", details }, null);
}

/** A server that answers each send with the next of these. */
function server(...answers: (Room | Error)[]): {
  host: JoinHost;
  keys: string[];
  joining: Joining;
} {
  const keys: string[] = [];
  const host = {
    join: (_wish: Wish, key: string) => {
      keys.push(key);
      const answer = answers[keys.length - 1] ?? new NetworkError("no more answers");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    onSeated: vi.fn(),
    onSeatedIn: vi.fn(),
  };
  return { host, keys, joining: new Joining(host) };
}

async function join(joining: Joining): Promise<void> {
  const done = joining.join(FIFTY);
  await vi.runAllTimersAsync();
  await done;
}

describe("joining", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("sessionStorage", sampleStorage());
    return () => {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  it("repeats a lost request with its key, and takes a new key for the next join request", async () => {
    const { host, keys, joining } = server(
      new NetworkError("cut"),
      refusal(503, "temporarily_unavailable"),
      refusal(409, "idempotency_in_progress"),
      ROOM,
      ROOM,
    );
    await join(joining);
    expect(host.onSeated).toHaveBeenCalledWith(ROOM);
    expect(new Set(keys).size).toBe(1);
    await join(joining);
    expect(keys).toHaveLength(5);
    expect(new Set(keys).size).toBe(2);
  });

  it("keeps the key when it gives up without an answer", async () => {
    const { keys, joining } = server();
    await join(joining);
    expect(joining.state.get()).toEqual({ name: "unanswered", wish: FIFTY });
    expect(joining.isOpen).toBe(true);
    await join(joining);
    expect(keys.length).toBeGreaterThan(5);
    expect(new Set(keys).size).toBe(1);
  });

  it("keeps the key for as long as the player is asked to try again, and where storage is denied", async () => {
    vi.stubGlobal("sessionStorage", {});
    const { keys, joining } = server();
    await join(joining);
    await vi.advanceTimersByTimeAsync(300_000);
    await join(joining);
    expect(keys).toHaveLength(10);
    expect(new Set(keys).size).toBe(1);
    joining.dismiss();
    await vi.advanceTimersByTimeAsync(300_000);
    await join(joining);
    expect(new Set(keys).size).toBe(2);
  });

  it("forgets a join request without an answer once the player is in a room", async () => {
    const { host, keys, joining } = server();
    await join(joining);
    joining.settle();
    expect(joining.isOpen).toBe(false);
    expect(joining.state.get()).toEqual({ name: "idle" });
    await join(joining);
    expect(new Set(keys).size).toBe(2);
    expect(host.onSeated).not.toHaveBeenCalled();
  });

  it("asks no more once the player is in a room, and does not hear what comes late", async () => {
    const asked = server(new NetworkError("cut"), ROOM);
    const repeating = asked.joining.join(FIFTY);
    await vi.advanceTimersByTimeAsync(100);
    asked.joining.settle();
    await vi.runAllTimersAsync();
    await repeating;
    expect(asked.keys).toHaveLength(1);

    const answered = server(ROOM);
    const late = answered.joining.join(FIFTY);
    answered.joining.settle();
    await late;
    expect(answered.host.onSeated).not.toHaveBeenCalled();
    expect(answered.joining.state.get()).toEqual({ name: "idle" });
  });

  it("knows the player's own limits from other refusals", async () => {
    const daily = { limit: "daily", until_ms: 9, daily_stars: 100, spent_stars: 80 };
    const { joining } = server(refusal(403, "limit_reached", daily));
    await join(joining);
    const state = joining.state.get();
    expect(state.name === "refused" && ownLimit(state.error)).toEqual(daily);
    expect(ownLimit(refusal(409, "room_full"))).toBeNull();
  });

  it("says what is missing", async () => {
    const { joining } = server(refusal(402, "insufficient_balance", { needed: 50, balance: 20 }));
    await join(joining);
    expect(joining.state.get()).toEqual({
      name: "insufficient",
      wish: FIFTY,
      needed: 50,
      balance: 20,
    });
  });

  it("goes back into the room in which there is a seat", async () => {
    const { host, joining } = server(refusal(409, "already_in_room", { room_id: ROOM.room_id }));
    await join(joining);
    expect(host.onSeatedIn).toHaveBeenCalledWith(ROOM.room_id);
    expect(joining.state.get()).toEqual({ name: "idle" });
  });

  it("is one join request at a time", async () => {
    const { keys, joining } = server(ROOM, ROOM);
    await Promise.all([joining.join(FIFTY), joining.join({ kind: "standard", stake: 100 })]);
    expect(keys).toHaveLength(1);
  });
});
