import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Bonus, BonusRun, ClientFrame, ErrorFrame } from "../protocol/generated";
import { BonusSession, type SavedRun } from "./bonus-session";

const START = 1_000_000;
const RUN: BonusRun = {
  taps: 0,
  goal: 100,
  started_ms: START,
  ends_ms: START + 86_400_000,
  state: "running",
  seq: 0,
  reason: null,
  reward: 7700,
  held: false,
};

function bonusFrame(changes: Partial<Bonus>): Bonus {
  const { taps, goal, started_ms, ends_ms, state, seq, reason } = RUN;
  return { type: "bonus", taps, goal, started_ms, ends_ms, state, seq, reason, ...changes };
}

function refused(code: string, seq: number): ErrorFrame {
  return { type: "error", code, message: "", for: "bonus_taps", seq };
}

function open(saved: SavedRun | null = null): {
  session: BonusSession;
  sent: ClientFrame[];
  onDoubt: () => void;
  onClock: () => void;
} {
  const sent: ClientFrame[] = [];
  const onDoubt = vi.fn();
  const onClock = vi.fn();
  const session = new BonusSession(
    { send: (frame) => sent.push(frame) > 0, now: () => Date.now(), onDoubt, onClock },
    saved,
  );
  session.show(RUN);
  return { session, sent, onDoubt, onClock };
}

function tap(session: BonusSession, times: number): void {
  for (let i = 0; i < times; i++) session.tap();
}

describe("a bonus run", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    return () => {
      vi.useRealTimers();
    };
  });

  it("counts taps at once and sends them as frames of at most 200 ms", () => {
    const { session, sent } = open();
    tap(session, 3);
    expect(session.taps.get()).toBe(3);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(sent).toMatchObject([{ type: "bonus_taps", seq: 1, count: 3 }]);
    session.onFrame(bonusFrame({ taps: 3, seq: 1 }));
    expect(session.taps.get()).toBe(3);
    tap(session, 20);
    vi.advanceTimersByTime(0);
    expect(sent).toHaveLength(2);
  });

  it("keeps to 50 taps in two seconds by itself", () => {
    const { session, sent } = open();
    const count = (): number =>
      sent.reduce((sum, frame) => sum + ("count" in frame ? frame.count : 0), 0);
    tap(session, 45);
    vi.advanceTimersByTime(300);
    tap(session, 20);
    vi.advanceTimersByTime(1500);
    expect(count()).toBe(50);
    vi.advanceTimersByTime(3000);
    expect(count()).toBe(65);
  });

  it("sends again what a lost connection may have lost, and nothing twice that was counted", () => {
    const { session, sent } = open();
    tap(session, 2);
    vi.advanceTimersByTime(200);
    tap(session, 4);
    vi.advanceTimersByTime(200);
    session.onFrame(bonusFrame({ taps: 2, seq: 1 }));
    session.sendAgain();
    expect(sent.map((frame) => ("seq" in frame ? frame.seq : 0))).toEqual([1, 2, 2]);
    expect(session.taps.get()).toBe(6);
  });

  it("survives a reload with what was not acknowledged", () => {
    const first = open();
    tap(first.session, 5);
    const saved = first.session.stop();
    expect(first.sent).toMatchObject([{ seq: 1, count: 5 }]);
    const second = open(saved);
    expect(second.sent).toMatchObject([{ seq: 1, count: 5 }]);
    expect(second.session.taps.get()).toBe(5);
  });

  it("takes what is too old to count out of the number as it becomes so", () => {
    const { session } = open();
    tap(session, 2);
    vi.advanceTimersByTime(1000);
    tap(session, 1);
    vi.advanceTimersByTime(10_400);
    expect(session.taps.get()).toBe(3);
    vi.advanceTimersByTime(200);
    expect(session.taps.get()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(session.taps.get()).toBe(0);
  });

  it("forgets frames of another run", () => {
    const { session, sent } = open({
      startedMs: START - 1,
      taps: { nextSeq: 9, frames: [{ seq: 8, count: 5, timestamp: START }] },
    });
    expect(sent).toEqual([]);
    expect(session.taps.get()).toBe(0);
  });

  it("gives up a refused frame, and asks again where the server could not say", () => {
    const { session, sent, onClock } = open();
    tap(session, 2);
    vi.advanceTimersByTime(200);
    session.onFrame(refused("temporarily_unavailable", 1));
    vi.advanceTimersByTime(1000);
    expect(sent.map((frame) => ("seq" in frame ? frame.seq : 0))).toEqual([1, 1]);
    session.onFrame(refused("clock", 1));
    expect(onClock).toHaveBeenCalledOnce();
    expect(session.taps.get()).toBe(0);
  });

  it("lets no frame overtake one that is to be sent again", () => {
    const { session, sent } = open();
    const counts = (): unknown[] =>
      sent.map((frame) => "count" in frame && [frame.seq, frame.count]);
    tap(session, 10);
    vi.advanceTimersByTime(200);
    session.onFrame(refused("temporarily_unavailable", 1));
    tap(session, 7);
    vi.advanceTimersByTime(900);
    expect(counts()).toEqual([[1, 10]]);
    vi.advanceTimersByTime(100);
    expect(counts().slice(1)).toEqual([
      [1, 10],
      [2, 7],
    ]);
    tap(session, 1);
    vi.advanceTimersByTime(200);
    expect(counts().slice(3)).toEqual([[3, 1]]);
  });

  it.each(["the page goes", "a connection was made"] as const)(
    "sends what waits to be sent again at once when %s",
    (event) => {
      const { session, sent } = open();
      tap(session, 2);
      vi.advanceTimersByTime(200);
      session.onFrame(refused("temporarily_unavailable", 1));
      tap(session, 3);
      vi.advanceTimersByTime(500);
      if (event === "the page goes") expect(session.stop()?.taps.frames).toHaveLength(2);
      else session.sendAgain();
      expect(sent.slice(1)).toMatchObject([
        { seq: 1, count: 2 },
        { seq: 2, count: 3 },
      ]);
      vi.advanceTimersByTime(1000);
      expect(sent).toHaveLength(3);
    },
  );

  it("goes behind the frames of another device", () => {
    const { session, sent } = open();
    session.onFrame(bonusFrame({ taps: 30, seq: 7 }));
    expect(session.taps.get()).toBe(30);
    tap(session, 1);
    vi.advanceTimersByTime(200);
    expect(sent).toMatchObject([{ seq: 8 }]);
  });

  it("takes no tap above the goal, and none when the run is over", () => {
    const { session, onDoubt } = open();
    session.onFrame(bonusFrame({ taps: 99, seq: 1 }));
    expect([session.tap(), session.tap()]).toEqual([true, false]);
    session.onFrame(bonusFrame({ taps: 100, seq: 2, state: "done" }));
    expect(session.tap()).toBe(false);
    expect(onDoubt).toHaveBeenCalledOnce();
    session.show({ ...RUN, taps: 100, seq: 2, state: "rewarded" });
    expect(session.run.get()?.state).toBe("rewarded");
  });
});
