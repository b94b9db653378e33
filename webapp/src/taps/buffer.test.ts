import { describe, expect, it } from "vitest";
import { FRAME_MS, FRAME_TAPS, TapBuffer, type TapFrame } from "./buffer";

const START = 1_000_000;
const GAME = { startsMs: START, endsMs: START + 60_000 };

/** The server's rule 4 as it stands in docs/protocol.md: the highest sum over (t - 2000, t]. */
function fullestWindow(frames: readonly TapFrame[]): number {
  const sums = frames.map(({ timestamp: end }) =>
    frames
      .filter(({ timestamp }) => timestamp > end - 2000 && timestamp <= end)
      .reduce((sum, { count }) => sum + count, 0),
  );
  return Math.max(0, ...sums);
}

/** Plays taps at these moments with timers that are late by up to `lateMs`; returns every frame cut. */
function play(buffer: TapBuffer, tapsMs: readonly number[], lateMs = 0): TapFrame[] {
  const frames: TapFrame[] = [];
  const flush = (nowMs: number): void => {
    const frame = buffer.flush(nowMs);
    if (frame) frames.push(frame);
  };
  let random = 1;
  let next = 0;
  for (let nowMs = START; nowMs <= GAME.endsMs; nowMs++) {
    while (tapsMs[next] === nowMs) {
      buffer.tap(nowMs);
      next++;
      if ((buffer.dueMs(nowMs) ?? Infinity) <= nowMs) flush(nowMs);
    }
    random = (random * 16_807) % 2_147_483_647;
    const late = lateMs === 0 ? 0 : random % lateMs;
    if ((buffer.dueMs(nowMs) ?? Infinity) <= nowMs - late) flush(nowMs);
  }
  flush(GAME.endsMs);
  return frames;
}

function every(ms: number, untilMs: number): number[] {
  return Array.from({ length: Math.floor(untilMs / ms) }, (_, i) => START + Math.round(i * ms));
}

function total(frames: readonly TapFrame[]): number {
  return frames.reduce((sum, { count }) => sum + count, 0);
}

describe("the tap buffer", () => {
  it("cuts a frame at 20 taps at once, with the last tap's moment", () => {
    const buffer = new TapBuffer(GAME, 0);
    for (let i = 0; i < FRAME_TAPS; i++) buffer.tap(START + i);
    const nowMs = START + FRAME_TAPS - 1;
    expect(buffer.dueMs(nowMs)).toBe(nowMs);
    expect(buffer.flush(nowMs)).toEqual({ seq: 1, count: FRAME_TAPS, timestamp: nowMs });
    expect(buffer.flush(nowMs)).toBeNull();
    expect(buffer.dueMs(nowMs)).toBeNull();
  });

  it("cuts a frame 200 ms after the first unsent tap", () => {
    const buffer = new TapBuffer(GAME, 4);
    buffer.tap(START + 10);
    buffer.tap(START + 150);
    expect(buffer.dueMs(START + 150)).toBe(START + 10 + FRAME_MS);
    expect(buffer.flush(START + 210)).toEqual({ seq: 5, count: 2, timestamp: START + 150 });
  });

  it.each([4, 9, 15, 24])("sends every tap of a player at %i taps a second", (rate) => {
    const buffer = new TapBuffer(GAME, 0);
    const taps = every(1000 / rate, 59_000);
    const frames = play(buffer, taps, 60);
    expect(total(frames)).toBe(taps.length);
    expect(fullestWindow(frames)).toBeLessThanOrEqual(50);
  });

  it("holds a burst back instead of breaking the rule, and loses none of it", () => {
    const buffer = new TapBuffer(GAME, 0);
    const burst = Array.from({ length: 70 }, (_, i) => START + 500 + i * 10);
    const frames = play(buffer, burst);
    expect(total(frames)).toBe(70);
    expect(fullestWindow(frames)).toBeLessThanOrEqual(50);
  });

  it("never breaks the rule however many fingers there are", () => {
    const buffer = new TapBuffer(GAME, 0);
    const frames = play(buffer, every(7, 59_990), 25);
    expect(fullestWindow(frames)).toBeLessThanOrEqual(50);
    expect(total(frames)).toBeGreaterThan(50 * 28);
    expect(Math.max(...frames.map(({ timestamp }) => timestamp))).toBeLessThan(GAME.endsMs);
  });

  it("never stamps a frame below an earlier one", () => {
    const stamps = play(new TapBuffer(GAME, 0), every(31, 59_000), 90).map(
      (frame) => frame.timestamp,
    );
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it("takes taps at the start for taps of the start, and none after the end", () => {
    const buffer = new TapBuffer(GAME, 0);
    expect(buffer.tap(START - 40)).toBe(true);
    expect(buffer.flush(START + 200)?.timestamp).toBe(START);
    expect(buffer.tap(GAME.endsMs)).toBe(false);
    expect(buffer.tap(GAME.endsMs - 1)).toBe(true);
    expect(buffer.flush(GAME.endsMs + 30)?.timestamp).toBe(GAME.endsMs - 1);
  });

  it("counts ahead of what the server knows, and not twice", () => {
    const buffer = new TapBuffer(GAME, 0);
    for (let i = 0; i < 5; i++) buffer.tap(START + i);
    buffer.flush(START + 200);
    for (let i = 0; i < 3; i++) buffer.tap(START + 300 + i);
    expect(buffer.ahead(0, START + 310).taps).toBe(8);
    buffer.acknowledge(1, START + 320);
    expect(buffer.ahead(1, START + 320).taps).toBe(3);
  });

  it("does not count what the server refused", () => {
    const buffer = new TapBuffer(GAME, 0);
    buffer.tap(START);
    buffer.flush(START + 200);
    buffer.refuse(1);
    expect(buffer.ahead(0, START + 210).taps).toBe(0);
  });

  it("lets go of taps one frame after the other as they become too old to count", () => {
    const buffer = new TapBuffer(GAME, 0);
    for (const at of [0, 300]) {
      buffer.tap(START + at);
      buffer.flush(START + at + FRAME_MS);
    }
    expect(buffer.ahead(0, START + 500)).toMatchObject({ taps: 2, isLosing: false });
    const untilMs = buffer.ahead(0, START + 500).untilMs ?? 0;
    expect(buffer.ahead(0, untilMs - 1).taps).toBe(2);
    expect(buffer.ahead(0, untilMs)).toEqual({ taps: 1, isLosing: true, untilMs: untilMs + 300 });
    expect(buffer.resend(0, untilMs)).toHaveLength(1);
    expect(buffer.ahead(0, untilMs).isLosing).toBe(false);
  });

  describe("after a reconnect", () => {
    function threeFrames(): TapBuffer {
      const buffer = new TapBuffer(GAME, 0);
      for (const at of [0, 300, 600]) {
        buffer.tap(START + at);
        buffer.flush(START + at + FRAME_MS);
      }
      return buffer;
    }

    it("sends again what the snapshot does not know, in order", () => {
      expect(
        threeFrames()
          .resend(1, START + 1500)
          .map(({ seq }) => seq),
      ).toEqual([2, 3]);
    });

    it("sends again what was acknowledged less than 3 s ago and forgotten", () => {
      const buffer = threeFrames();
      buffer.acknowledge(3, START + 800);
      expect(buffer.resend(2, START + 2000).map(({ seq }) => seq)).toEqual([3]);
    });

    it("has let go of what was acknowledged longer ago", () => {
      const buffer = threeFrames();
      buffer.acknowledge(3, START + 800);
      buffer.acknowledge(3, START + 3900);
      expect(buffer.resend(0, START + 3900)).toEqual([]);
    });

    it("gives up what the server would refuse as too old", () => {
      expect(
        threeFrames()
          .resend(0, START + 12_000)
          .map(({ seq }) => seq),
      ).toEqual([3]);
    });

    it("goes on above the highest number that the server or this page knows", () => {
      const buffer = threeFrames();
      buffer.resend(7, START + 1000);
      buffer.tap(START + 1100);
      expect(buffer.flush(START + 1300)?.seq).toBe(8);
    });
  });

  it("survives a reload: numbers, unsent frames and the window", () => {
    const before = new TapBuffer(GAME, 0);
    for (let i = 0; i < 50; i++) before.tap(START + i);
    expect(before.flushAll(START + 50).map(({ count }) => count)).toEqual([20, 20, 10]);
    const after = new TapBuffer(GAME, 0, before.save());
    expect(after.resend(0, START + 800).map(({ count }) => count)).toEqual([20, 20, 10]);
    after.tap(START + 900);
    expect(after.flush(START + 1100)).toBeNull();
    const dueMs = after.dueMs(START + 1100) ?? 0;
    expect(after.flush(dueMs)).toMatchObject({ seq: 4, count: 1, timestamp: dueMs });
  });

  it("never puts more than 20 taps into a frame, also of those that it held back", () => {
    const frames = play(new TapBuffer(GAME, 0), every(7, 20_000), 400);
    expect(Math.max(...frames.map(({ count }) => count))).toBe(20);
  });

  it("stamps a frame that a hanging page cuts late with the moment at which it is cut", () => {
    const buffer = new TapBuffer(GAME, 0);
    buffer.tap(START + 100);
    expect(buffer.flush(START + 550)).toMatchObject({ timestamp: START + 100 });
    buffer.tap(START + 1000);
    expect(buffer.flush(START + 3000)).toMatchObject({ timestamp: START + 3000 });
  });
});
