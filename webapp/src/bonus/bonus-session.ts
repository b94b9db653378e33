/**
 * The bonus run while its screen is open: taps go out by the rules of a room's, the run comes back.
 *
 * The rules are the same, so `TapBuffer` keeps them here too; a day takes the place of a minute.  Owns when frames go
 * out and again; decides nothing about the run or its reward.
 */
import type { BonusRun, ClientFrame, ServerFrame } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";
import { type SavedTaps, TapBuffer, type TapFrame } from "../taps/buffer";
import { laterRun } from "./progress";

export interface BonusHost {
  /** False where there is no connection: then it goes out after the next one is made. */
  readonly send: (frame: ClientFrame) => boolean;
  readonly now: () => number;
  /** The server found our stamps wrong. */
  readonly onClock: () => void;
  /** The run as the server has it is to be asked for. */
  readonly onDoubt: () => void;
}

/** What a reload must not lose: the frames of the run that began then. */
export interface SavedRun {
  readonly startedMs: number;
  readonly taps: SavedTaps;
}

const AGAIN_MS = 1000;

export class BonusSession {
  private readonly host: BonusHost;
  private readonly runStore = createStore<BonusRun | null>(null);
  private readonly tapsStore = createStore(0);
  private buffer: TapBuffer | null = null;
  private saved: SavedRun | null;
  private lastSeq = 0;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private againTimer: ReturnType<typeof setTimeout> | undefined;
  private oldTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: BonusHost, saved: SavedRun | null) {
    this.host = host;
    this.saved = saved;
  }

  get run(): Readable<BonusRun | null> {
    return this.runStore;
  }

  /** Counted before the server answers. */
  get taps(): Readable<number> {
    return this.tapsStore;
  }

  /** The run as an answer brought it; null: there never was one. */
  show(run: BonusRun | null): void {
    const known = this.runStore.get();
    if (run) this.take(laterRun(known, run));
    else if (!known) this.take(null);
  }

  tap(): boolean {
    const run = this.runStore.get();
    if (!run || !this.buffer || this.tapsStore.get() >= run.goal) return false;
    if (!this.buffer.tap(this.host.now())) return false;
    this.count();
    this.schedule();
    return true;
  }

  onFrame(frame: ServerFrame): void {
    if (frame.type === "bonus") {
      if (!this.runStore.get()) {
        this.host.onDoubt();
        return;
      }
      this.take(laterRun(this.runStore.get(), frame));
      // What the reward came to, and whether it waits, only an answer says.
      if (frame.state !== "running") this.host.onDoubt();
    } else if (frame.type === "error" && frame.for === "bonus_taps" && frame.seq !== undefined) {
      this.onRefused(frame.code, frame.seq);
    }
  }

  /** What the server may not have goes out again, as after a connection was made. */
  sendAgain(): void {
    clearTimeout(this.againTimer);
    this.againTimer = undefined;
    const run = this.runStore.get();
    if (!run || !this.buffer) return;
    for (const frame of this.buffer.resend(run.seq, this.host.now())) this.sendTaps(frame);
    this.count();
    this.schedule();
  }

  /** The screen goes: what waits goes out, and what the server has not acknowledged is handed back to be kept. */
  stop(): SavedRun | null {
    const run = this.runStore.get();
    for (const frame of this.buffer?.flushAll(this.host.now()) ?? []) this.sendTaps(frame);
    // The page may be frozen before the timer is over.
    if (this.againTimer !== undefined) this.sendAgain();
    clearTimeout(this.flushTimer);
    clearTimeout(this.oldTimer);
    this.oldTimer = undefined;
    if (!run || !this.buffer) return null;
    return { startedMs: run.started_ms, taps: this.buffer.save() };
  }

  private take(run: BonusRun | null): void {
    const before = this.runStore.get();
    this.runStore.set(run);
    if (run?.state !== "running") {
      clearTimeout(this.flushTimer);
      this.buffer = null;
    } else if (!this.buffer || before?.started_ms !== run.started_ms) {
      const kept = this.saved?.startedMs === run.started_ms ? this.saved.taps : null;
      this.buffer = new TapBuffer({ startsMs: run.started_ms, endsMs: run.ends_ms }, run.seq, kept);
      this.saved = null;
      this.lastSeq = run.seq;
      this.sendAgain();
    } else if (run.seq > this.lastSeq) {
      // Somebody taps on another device of the same account: our next frame comes after theirs.
      this.lastSeq = run.seq;
      this.buffer.resend(run.seq, this.host.now());
    } else {
      this.buffer.acknowledge(run.seq, this.host.now());
    }
    this.count();
  }

  private onRefused(code: string, seq: number): void {
    if (code === "temporarily_unavailable") {
      // Whether it counted is unknown: sent again, it counts once.
      this.againTimer ??= setTimeout(() => {
        this.sendAgain();
      }, AGAIN_MS);
      return;
    }
    this.buffer?.refuse(seq);
    this.count();
    if (code === "clock") this.host.onClock();
    else this.host.onDoubt();
  }

  private count(): void {
    const run = this.runStore.get();
    const nowMs = this.host.now();
    const ahead = run ? this.buffer?.ahead(run.seq, nowMs) : undefined;
    this.tapsStore.set(run ? Math.min(run.taps + (ahead?.taps ?? 0), run.goal) : 0);
    const untilMs = ahead?.untilMs ?? null;
    if (untilMs === null) return;
    this.oldTimer ??= setTimeout(() => {
      this.oldTimer = undefined;
      this.count();
    }, untilMs - nowMs);
  }

  private schedule(): void {
    const nowMs = this.host.now();
    const dueMs = this.buffer?.dueMs(nowMs) ?? null;
    clearTimeout(this.flushTimer);
    if (dueMs === null) return;
    this.flushTimer = setTimeout(
      () => {
        const frame = this.buffer?.flush(this.host.now());
        if (frame) this.sendTaps(frame);
        if (this.host.now() < (this.runStore.get()?.ends_ms ?? 0)) this.schedule();
      },
      Math.max(0, dueMs - nowMs),
    );
  }

  private sendTaps(frame: TapFrame): void {
    this.lastSeq = Math.max(this.lastSeq, frame.seq);
    // Behind those that are to be sent again: counted before them, it would make them repeats.
    if (this.againTimer !== undefined) return;
    this.host.send({ type: "bonus_taps", ...frame });
  }
}
