/**
 * One's own taps in a game, from the finger to the receipt: counted at once, sent by the buffer's rule, sent again.
 *
 * Owns when they go out and the number the screen shows.  Never says what counts: the room's player does, whose `seq`
 * is the last frame that the server has.
 */
import type { Player } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";
import { type SavedTaps, TapBuffer, type TapFrame } from "../taps/buffer";
import type { ServerClock } from "../taps/clock";

/** A frame that is not acknowledged after this long makes the connection suspect. */
const ACKNOWLEDGE_MS = 2500;

export interface RoomTapsHost {
  /** The player in the room, as it was last heard. */
  readonly own: () => Player | undefined;
  /** When the game ends; null before it is known. */
  readonly endsMs: () => number | null;
  /** False where the room is not entered: what is sent then would be heard by nobody. */
  readonly send: (frame: TapFrame) => boolean;
  readonly probe: () => void;
}

export class RoomTaps {
  private readonly host: RoomTapsHost;
  private readonly clock: ServerClock;
  private readonly shownStore = createStore(0);
  private readonly losingStore = createStore(false);
  private buffer: TapBuffer | null = null;
  private saved: SavedTaps | null;
  private flushTimer: number | undefined;
  private acknowledgeTimer: number | undefined;
  private oldTimer: number | undefined;

  /** `saved`: what the page before left. */
  constructor(host: RoomTapsHost, clock: ServerClock, saved: SavedTaps | null) {
    this.host = host;
    this.clock = clock;
    this.saved = saved;
  }

  /** As the screen shows them: counted before the server answers. */
  get shown(): Readable<number> {
    return this.shownStore;
  }

  /** Some of them have waited so long for a connection that they do not count any more. */
  get isLosing(): Readable<boolean> {
    return this.losingStore;
  }

  get isPlaying(): boolean {
    return this.buffer !== null;
  }

  /** A tap of the finger; whether it counts. */
  tap(): boolean {
    const { buffer } = this;
    if (!buffer || this.host.own()?.state !== "paid" || !buffer.tap(this.clock.now())) return false;
    this.count();
    this.schedule();
    return true;
  }

  /** The game is on: taps are taken until `endsMs`.  `seq`: the last frame of the player that the server has. */
  begin(game: { readonly startsMs: number | null; readonly endsMs: number }, seq: number): void {
    this.clock.fix();
    const startsMs = game.startsMs ?? this.clock.now();
    this.buffer = new TapBuffer({ startsMs, endsMs: game.endsMs }, seq, this.saved);
    this.saved = null;
  }

  /** The game is over: what was not sent came too late. */
  end(): void {
    window.clearTimeout(this.flushTimer);
    window.clearTimeout(this.acknowledgeTimer);
    this.acknowledgeTimer = undefined;
    this.buffer = null;
  }

  /** Nothing is left of the room. */
  clear(): void {
    this.end();
    window.clearTimeout(this.oldTimer);
    this.oldTimer = undefined;
    this.saved = null;
    this.shownStore.set(0);
    this.losingStore.set(false);
  }

  /** The server has what `seq` of the player says. */
  acknowledge(): void {
    const own = this.host.own();
    if (own) this.buffer?.acknowledge(own.seq, this.clock.now());
    this.count();
  }

  refuse(seq: number): void {
    this.buffer?.refuse(seq);
    this.count();
  }

  /** After a snapshot: what the server does not have of what was sent. */
  sendAgain(): void {
    const own = this.host.own();
    if (!this.buffer || own?.state !== "paid") return;
    for (const frame of this.buffer.resend(own.seq, this.clock.now())) this.send(frame);
    this.count();
    this.schedule();
  }

  /** For the page after this one; what waits goes out before. */
  save(): SavedTaps | null {
    for (const frame of this.buffer?.flushAll(this.clock.now()) ?? []) this.send(frame);
    return this.buffer?.save() ?? this.saved;
  }

  private count(): void {
    const own = this.host.own();
    const nowMs = this.clock.now();
    const ahead = own?.state === "paid" ? this.buffer?.ahead(own.seq, nowMs) : undefined;
    this.shownStore.set((own?.taps ?? 0) + (ahead?.taps ?? 0));
    this.losingStore.set(ahead?.isLosing ?? false);
    const untilMs = ahead?.untilMs ?? null;
    if (untilMs === null) return;
    this.oldTimer ??= window.setTimeout(() => {
      this.oldTimer = undefined;
      this.count();
    }, untilMs - nowMs);
  }

  private schedule(): void {
    const nowMs = this.clock.now();
    const dueMs = this.buffer?.dueMs(nowMs) ?? null;
    if (dueMs === null) return;
    window.clearTimeout(this.flushTimer);
    if (dueMs <= nowMs) this.flush();
    else {
      this.flushTimer = window.setTimeout(() => {
        this.flush();
      }, dueMs - nowMs);
    }
  }

  private flush(): void {
    const frame = this.buffer?.flush(this.clock.now());
    if (frame) this.send(frame);
    // What the window holds back when the game is over came too late.
    if (frame || this.clock.now() < (this.host.endsMs() ?? 0)) this.schedule();
  }

  private send(frame: TapFrame): void {
    if (this.host.own()?.state !== "paid" || !this.host.send(frame)) return;
    this.acknowledgeTimer ??= window.setTimeout(() => {
      this.acknowledgeTimer = undefined;
      if ((this.host.own()?.seq ?? 0) < frame.seq) this.host.probe();
    }, ACKNOWLEDGE_MS);
  }
}
