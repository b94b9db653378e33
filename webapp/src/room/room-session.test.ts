import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientFrame, Room, ServerFrame } from "../protocol/generated";
import { ServerClock } from "../taps/clock";
import { leaveRoom } from "./leaving";
import { type RoomHost, RoomSession } from "./room-session";
import { samplePlayer, sampleRoom } from "./sample";

const NOW = 1_000_000;
const OWN = samplePlayer("7");

function roomOf(changes: Partial<Room> = {}): Room {
  return sampleRoom({
    state: "playing",
    created_ms: NOW - 10_000,
    deadline_ms: NOW + 50_000,
    starts_ms: NOW,
    ends_ms: NOW + 60_000,
    version: 1,
    players: [OWN, samplePlayer("8")],
    ...changes,
  });
}

function snapshot(room: Room): Exclude<ServerFrame, { type: "welcome" }> {
  return { type: "snapshot", room, epoch: "e", server_time_ms: Date.now() };
}

/** A room session on a line that is up, and everything it does to others. */
function open() {
  const sent: ClientFrame[] = [];
  const probe = vi.fn();
  const host = {
    userId: () => OWN.user_id,
    fetchRoom: vi.fn<RoomHost["fetchRoom"]>(() => Promise.reject(new Error("nobody asks"))),
    awaitsSeat: vi.fn(() => false),
    onBalance: vi.fn(),
    onCancelled: vi.fn(),
    onLeft: vi.fn(),
    onLost: vi.fn(),
  };
  const session = new RoomSession(host, new ServerClock(() => Date.now(), 0));
  session.attach({ send: (frame) => sent.push(frame) > 0, probe });
  const receive = (frame: Exclude<ServerFrame, { type: "welcome" }>): void => {
    session.onFrame(frame, Date.now());
  };
  const enter = (room: Room): void => {
    session.follow(room.room_id);
    receive(snapshot(room));
  };
  const count = (type: ClientFrame["type"]): number =>
    sent.filter((frame) => frame.type === type).length;
  const welcome = (room_id: string | null): void => {
    const frame = { type: "welcome", user_id: OWN.user_id, server_time_ms: Date.now() } as const;
    session.onWelcome({ ...frame, heartbeat_ms: 25_000, room_id }, Date.now());
  };
  /** Time passes, and something is heard all the while: the line lives. */
  const pass = (ms: number): void => {
    for (let leftMs = ms; leftMs > 0; leftMs -= 250) {
      vi.advanceTimersByTime(Math.min(250, leftMs));
      receive({ type: "pong", t: 0, server_time_ms: Date.now() });
    }
  };
  return { session, host, probe, sent, receive, enter, count, welcome, pass };
}

describe("a room session", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    vi.stubGlobal("window", {
      addEventListener: () => undefined,
      setTimeout: (run: () => void, ms: number) => setTimeout(run, ms),
      clearTimeout: (timer: ReturnType<typeof setTimeout>) => {
        clearTimeout(timer);
      },
    });
    vi.stubGlobal("document", { addEventListener: () => undefined });
    return () => {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  it("asks whether the line still lives when taps are not acknowledged, in every game", () => {
    const { session, probe, receive, enter, pass } = open();
    for (const [game, room_id] of ["first", "second", "third"].entries()) {
      const room = roomOf({ room_id });
      enter(room);
      session.tap();
      pass(2750);
      expect(probe).toHaveBeenCalledTimes(game + 1);
      session.tap();
      pass(250);
      if (game === 0) receive(snapshot({ ...room, state: "settled" }));
      session.close();
    }
  });

  it("asks whether the line still lives when a game is quiet, and says soon that nothing is known any more", () => {
    const { session, probe, receive, enter, pass } = open();
    const isLive = (): boolean => session.isLive.get();
    enter(roomOf());
    pass(1000);
    expect([probe.mock.calls.length, isLive()]).toEqual([0, true]);
    vi.advanceTimersByTime(1000);
    expect([probe.mock.calls.length, isLive()]).toEqual([1, true]);
    vi.advanceTimersByTime(700);
    expect(isLive()).toBe(false);
    receive({ type: "progress", epoch: "e", version: 2, since: 1, taps: { "8": [3, 1] } });
    expect(isLive()).toBe(true);
    // Of a room that waits nothing is heard for long, and the next one begins anew.
    enter(roomOf({ room_id: "B", state: "waiting", starts_ms: null, ends_ms: null }));
    vi.advanceTimersByTime(20_000);
    expect([probe.mock.calls.length, isLive()]).toEqual([1, true]);
  });

  it.each(["backoff", "opening", "greeting"] as const)(
    "knows nothing of the others while the line is in %s for more than a moment",
    (name) => {
      const { session, enter } = open();
      const isLive = (): boolean => session.isLive.get();
      const cut = { name, attempt: 1, isDrained: false };
      enter(roomOf());
      session.onPhase(cut);
      vi.advanceTimersByTime(600);
      expect(isLive()).toBe(true);
      session.onPhase({ ...cut, attempt: 2 });
      vi.advanceTimersByTime(200);
      expect(isLive()).toBe(false);
      session.onPhase({ name: "online" });
      expect(isLive()).toBe(false);
      enter(roomOf());
      expect(isLive()).toBe(true);
      // Nothing of it is left for the lobby.
      session.onPhase(cut);
      vi.advanceTimersByTime(800);
      session.close();
      expect(isLive()).toBe(true);
    },
  );

  it("is not set back by an answer that was long on its way", () => {
    const { session, enter } = open();
    enter(roomOf());
    session.open(roomOf({ state: "waiting", starts_ms: null, ends_ms: null }));
    expect(session.view.get()?.room.state).toBe("playing");
  });

  it.each([
    ["waiting", { state: "waiting", starts_ms: null, ends_ms: null }, 50_000],
    ["countdown", { state: "countdown", starts_ms: NOW + 3000, ends_ms: null }, 3000],
    ["playing", {}, 61_000],
  ] as const)("asks again for a room that does not go on from %s in time", (_, room, dueMs) => {
    const { probe, enter, receive, count, pass } = open();
    enter(roomOf(room));
    expect(count("enter")).toBe(1);
    pass(dueMs + 1400);
    expect([probe.mock.calls.length, count("enter")]).toEqual([0, 1]);
    vi.advanceTimersByTime(200);
    expect([probe.mock.calls.length, count("enter")]).toEqual([1, 2]);
    // The server itself is late: it is asked again, but not at once.
    receive(snapshot(roomOf(room)));
    vi.advanceTimersByTime(4900);
    expect(count("enter")).toBe(2);
    vi.advanceTimersByTime(200);
    expect(count("enter")).toBe(3);
  });

  it("is over once one's own seat is given up, whether the answer to that came or not", () => {
    const { session, host, receive, enter } = open();
    const room = roomOf({ state: "waiting", starts_ms: null, ends_ms: null });
    enter(room);
    receive({ type: "player_left", epoch: "e", version: 2, user_id: "8" });
    expect(session.view.get()?.room.players).toEqual([OWN]);
    receive({ type: "player_left", epoch: "e", version: 3, user_id: OWN.user_id });
    expect(session.view.get()).toBeNull();
    expect(host.onLeft).toHaveBeenCalledOnce();
  });

  it("returns to a seat when the page begins or asked for it, not when a seat was taken elsewhere", () => {
    const entered = (sent: ClientFrame[]): string[] =>
      sent.flatMap((frame) => (frame.type === "enter" ? [frame.room_id] : []));
    const begun = open();
    begun.welcome("A");
    expect(entered(begun.sent)).toEqual(["A"]);

    const { session, host, sent, receive, welcome } = open();
    welcome(null);
    welcome("A");
    expect([entered(sent), session.isFollowing.get()]).toEqual([[], false]);
    host.awaitsSeat.mockReturnValueOnce(true);
    welcome("B");
    receive(snapshot(roomOf({ room_id: "B" })));
    welcome("B");
    welcome("A");
    expect(entered(sent)).toEqual(["B", "B", "B"]);
  });

  it("keeps the results through a new connection, though the server knows the room no more", () => {
    const { session, receive, enter, welcome, count } = open();
    enter(roomOf());
    const { room_id } = roomOf();
    const paid = { winner: "7", prize: 90, standings: [], payout: 90, balance: 190 };
    receive({ type: "settled", room_id, ...paid });
    welcome(null);
    expect([session.view.get()?.outcome?.payout, count("enter")]).toEqual([90, 1]);
  });

  it("does not lose its room to the refusal of an earlier one", () => {
    const { session, host, receive, enter } = open();
    const refused = { type: "error", code: "not_found", message: "", for: "enter" } as const;
    session.follow("A");
    session.follow("B");
    receive({ ...refused, details: { room_id: "A" } });
    expect(host.onLost).not.toHaveBeenCalled();
    enter(roomOf({ room_id: "B" }));
    expect(session.view.get()).not.toBeNull();
    receive({ ...refused, details: { room_id: "B" } });
    expect(host.onLost).toHaveBeenCalledOnce();
  });

  it("is not set back by an answer about the result that what was heard since has overtaken", async () => {
    const { session, host, receive, enter } = open();
    const { room_id } = roomOf();
    let answer: (room: Room) => void = () => undefined;
    host.fetchRoom.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    enter(roomOf({ state: "finished" }));
    await vi.advanceTimersByTimeAsync(2000);
    const paid = { winner: "7", prize: 90, standings: [], payout: 90, balance: 190 };
    receive({ type: "settled", room_id, ...paid });
    answer(roomOf({ state: "finished" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(session.view.get()?.outcome?.payout).toBe(90);
  });

  it("remembers who called the game off, though an answer about the refund does not say it", async () => {
    const { session, host, receive, enter } = open();
    host.fetchRoom.mockResolvedValueOnce(roomOf({ state: "cancelled" }));
    enter(roomOf());
    receive({ type: "cancelled", epoch: "e", version: 2, reason: "operator", refund_due: 50 });
    await vi.advanceTimersByTimeAsync(2000);
    expect(host.fetchRoom).toHaveBeenCalledOnce();
    expect(session.view.get()?.cancelled?.reason).toBe("operator");
    receive(snapshot(roomOf({ state: "cancelled" })));
    expect(session.view.get()?.cancelled?.reason).toBe("operator");
  });

  it("is left by an answer, but not by one to an earlier leaving of the same room", async () => {
    const { session, receive, enter } = open();
    const room = roomOf({ state: "waiting", starts_ms: null, ends_ms: null });
    const answers: ((balance: number) => void)[] = [];
    const host = {
      leave: () => new Promise<number>((answer) => answers.push(answer)),
      onLeft: vi.fn(),
      onFailed: vi.fn(),
    };
    enter(room);
    const late = leaveRoom(session, host);
    receive({ type: "player_left", epoch: "e", version: 2, user_id: OWN.user_id });
    enter({ ...room, version: 3 });
    answers[0]?.(100);
    await late;
    expect(session.view.get()).not.toBeNull();
    expect(host.onLeft).not.toHaveBeenCalled();

    const leaving = leaveRoom(session, host);
    answers[1]?.(100);
    await leaving;
    expect(session.view.get()).toBeNull();
    expect(host.onLeft).toHaveBeenCalledOnce();

    enter({ ...room, version: 5 });
    const overtaken = leaveRoom(session, host);
    receive({ type: "player_left", epoch: "e", version: 6, user_id: OWN.user_id });
    expect(host.onLeft).toHaveBeenCalledOnce();
    answers[2]?.(100);
    await overtaken;
    expect(host.onLeft).toHaveBeenCalledTimes(2);
  });

  it("sends again what the server could not take, in order and before anything later", () => {
    const { session, sent, receive, enter, count } = open();
    enter(roomOf());
    const seqs = (): unknown[] =>
      sent.flatMap((frame) => (frame.type === "taps" ? [frame.seq] : []));
    for (let frame = 0; frame < 3; frame++) {
      session.tap();
      vi.advanceTimersByTime(210);
    }
    for (const seq of [2, 3]) {
      receive({ type: "error", code: "temporarily_unavailable", message: "", for: "taps", seq });
    }
    session.tap();
    vi.advanceTimersByTime(900);
    expect([seqs(), count("enter")]).toEqual([[1, 2, 3], 1]);
    expect(session.ownTaps.get()).toBe(4);
    vi.advanceTimersByTime(200);
    expect(count("enter")).toBe(2);
    const [own, ...others] = roomOf().players;
    if (!own) throw new Error("nobody plays");
    receive(snapshot(roomOf({ players: [{ ...own, taps: 1, seq: 1 }, ...others] })));
    expect(seqs()).toEqual([1, 2, 3, 2, 3, 4]);
    expect(session.ownTaps.get()).toBe(4);
  });

  it("takes taps that waited too long for a connection out of the number one by one, and says so", () => {
    const { session, enter } = open();
    enter(roomOf());
    session.onPhase({ name: "backoff", attempt: 1, isDrained: false });
    for (let frame = 0; frame < 3; frame++) {
      session.tap();
      vi.advanceTimersByTime(1000);
    }
    vi.advanceTimersByTime(8000);
    expect([session.ownTaps.get(), session.isLosingTaps.get()]).toEqual([3, false]);
    const seen: number[] = [];
    session.ownTaps.subscribe(() => seen.push(session.ownTaps.get()));
    vi.advanceTimersByTime(3000);
    expect(seen).toEqual([2, 1, 0]);
    expect(session.isLosingTaps.get()).toBe(true);
    enter(roomOf());
    expect([session.ownTaps.get(), session.isLosingTaps.get()]).toEqual([0, false]);
  });
});
