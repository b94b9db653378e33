/**
 * A player's taps of one game, from the finger to the server's receipt.
 *
 * Owns how taps become frames, which frames may still have to be sent again, and the rule of at most 50 taps in 2 s,
 * which it keeps by itself: what is too much for one window waits for the next.  Knows no socket and no timer: times
 * are the server's, given by the caller.
 */
import { MAX_TAPS_PER_FRAME } from "../protocol/generated";

export const FRAME_TAPS = MAX_TAPS_PER_FRAME;
export const FRAME_MS = 200;
const WINDOW_TAPS = 50;
/** The server's window is 2 s; the rest is for a clock that strays a little during a game. */
const WINDOW_MS = 2050;
/** A server set back by a second may forget what it has acknowledged. */
const KEEP_ACKNOWLEDGED_MS = 3000;
/** The server refuses what is over 12 s old. */
const TOO_OLD_MS = 11_500;
/** A frame cut so long after its last tap (the page hung) is stamped when it is cut: late ones are refused. */
const STALE_MS = 500;
/** Taps held back beyond this are not taken: nobody who plays by hand gets here. */
const MAX_PENDING = 50;

export interface TapFrame {
  readonly seq: number;
  readonly count: number;
  readonly timestamp: number;
}

interface KeptFrame extends TapFrame {
  acknowledgedMs: number | null;
}

/** What survives a reload of the page. */
export interface SavedTaps {
  readonly nextSeq: number;
  readonly frames: TapFrame[];
}

/** One's own taps before the server has answered. */
export interface Ahead {
  readonly taps: number;
  /** Some have become too old to be counted. */
  readonly isLosing: boolean;
  /** When the next ones become so. */
  readonly untilMs: number | null;
}

export interface Game {
  readonly startsMs: number;
  readonly endsMs: number;
}

export class TapBuffer {
  private readonly game: Game;
  private nextSeq: number;
  private frames: KeptFrame[] = [];
  private window: TapFrame[] = [];
  private pending = 0;
  private firstPendingMs = 0;
  private lastPendingMs = 0;
  private lastStampMs: number;

  /** `seq` is the server's count of this player's frames. */
  constructor(game: Game, seq: number, saved: SavedTaps | null = null) {
    this.game = game;
    this.lastStampMs = game.startsMs - 1;
    this.nextSeq = Math.max(seq + 1, saved?.nextSeq ?? 1);
    for (const frame of saved?.frames ?? []) this.keep(frame);
  }

  /** Takes a tap; false when the game is over, or where too many wait already. */
  tap(atMs: number): boolean {
    // The server says when a game starts; a clock behind it by a little must not cost the first taps.
    const nowMs = Math.max(atMs, this.game.startsMs);
    if (nowMs >= this.game.endsMs) return false;
    if (this.pending >= MAX_PENDING) return false;
    if (this.pending === 0) this.firstPendingMs = nowMs;
    this.lastPendingMs = nowMs;
    this.pending += 1;
    return true;
  }

  /** When `flush` has something to send: a moment of the server's clock, or null with nothing to send. */
  dueMs(nowMs: number): number | null {
    if (this.pending === 0) return null;
    const wanted = this.pending >= FRAME_TAPS ? nowMs : this.firstPendingMs + FRAME_MS;
    return Math.max(wanted, this.windowOpensMs(nowMs));
  }

  /** Cuts the next frame from the waiting taps; null when there are none or the window is full. */
  flush(atMs: number): TapFrame | null {
    if (this.pending === 0) return null;
    // The last flush comes when the game is over, with taps that were made before.
    const nowMs = Math.max(Math.min(atMs, this.game.endsMs - 1), this.lastStampMs);
    const count = Math.min(this.pending, FRAME_TAPS, WINDOW_TAPS - this.windowTaps(nowMs));
    if (count <= 0) return null;
    // Held-back taps are counted when the window lets them through, not when they were made.
    const isHeld = this.lastPendingMs <= this.lastStampMs || nowMs - this.lastPendingMs > STALE_MS;
    const stamp = Math.max(isHeld ? nowMs : this.lastPendingMs, this.lastStampMs);
    if (this.windowTaps(stamp) + count > WINDOW_TAPS) return this.flushAt(nowMs, count);
    return this.flushAt(stamp, count);
  }

  /** Cuts all frames that the window lets through now: who calls may not be there later. */
  flushAll(atMs: number): TapFrame[] {
    const frames: TapFrame[] = [];
    for (let frame = this.flush(atMs); frame; frame = this.flush(atMs)) frames.push(frame);
    return frames;
  }

  /** Every frame up to `seq` has been dealt with. */
  acknowledge(seq: number, nowMs: number): void {
    for (const frame of this.frames) {
      if (frame.seq <= seq) frame.acknowledgedMs ??= nowMs;
    }
    this.frames = this.frames.filter(
      (frame) =>
        frame.acknowledgedMs === null || nowMs - frame.acknowledgedMs <= KEEP_ACKNOWLEDGED_MS,
    );
  }

  /** The server will not count this frame. */
  refuse(seq: number): void {
    this.frames = this.frames.filter((frame) => frame.seq !== seq);
  }

  /** What has to be sent (again) after a snapshot that knows this player's frames up to `seq`. */
  resend(seq: number, nowMs: number): TapFrame[] {
    this.nextSeq = Math.max(this.nextSeq, seq + 1);
    this.frames = this.frames.filter((frame) => nowMs - frame.timestamp <= TOO_OLD_MS);
    const again = this.frames.filter((frame) => frame.seq > seq);
    for (const frame of again) frame.acknowledgedMs = null;
    this.acknowledge(seq, nowMs);
    return again.map(({ seq, count, timestamp }) => ({ seq, count, timestamp }));
  }

  /** What a server which knows the frames up to `seq` has still to learn of, and what it will not count any more. */
  ahead(seq: number, nowMs: number): Ahead {
    const unknown = this.frames.filter((frame) => frame.seq > seq);
    const young = unknown.filter((frame) => nowMs - frame.timestamp <= TOO_OLD_MS);
    const [oldest] = young;
    return {
      taps: young.reduce((sum, { count }) => sum + count, this.pending),
      isLosing: young.length < unknown.length,
      untilMs: oldest ? oldest.timestamp + TOO_OLD_MS + 1 : null,
    };
  }

  save(): SavedTaps {
    return {
      nextSeq: this.nextSeq,
      frames: this.frames.map(({ seq, count, timestamp }) => ({ seq, count, timestamp })),
    };
  }

  private flushAt(stampMs: number, count: number): TapFrame {
    const frame: TapFrame = { seq: this.nextSeq, count, timestamp: stampMs };
    this.pending -= count;
    // What stays behind was held back: its 200 ms begin anew.
    this.firstPendingMs = stampMs;
    this.keep(frame);
    return frame;
  }

  private keep(frame: TapFrame): void {
    this.nextSeq = Math.max(this.nextSeq, frame.seq + 1);
    this.lastStampMs = Math.max(this.lastStampMs, frame.timestamp);
    this.frames.push({ ...frame, acknowledgedMs: null });
    this.window.push(frame);
  }

  private windowTaps(atMs: number): number {
    this.window = this.window.filter((frame) => frame.timestamp > this.lastStampMs - WINDOW_MS);
    return this.window.reduce(
      (sum, frame) => (frame.timestamp > atMs - WINDOW_MS ? sum + frame.count : sum),
      0,
    );
  }

  private windowOpensMs(nowMs: number): number {
    if (this.windowTaps(nowMs) < WINDOW_TAPS) return nowMs;
    const oldest = this.window.find((frame) => frame.timestamp > nowMs - WINDOW_MS);
    return oldest ? oldest.timestamp + WINDOW_MS : nowMs;
  }
}
