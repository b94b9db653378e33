/**
 * The room this player is in: the wire on one side, the reducer and one's own taps on the other.
 *
 * Owns when a room is entered, entered again and left.  Decides nothing about the game: what is shown is what the
 * server said, plus one's own taps that it has still to learn of.
 */
import type { Connection } from "../connection/connection";
import type { Phase } from "../connection/machine";
import type { ErrorFrame, Player, Room, ServerFrame, Welcome } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";
import type { ServerClock } from "../taps/clock";
import { type Kept, KeptRoom } from "./kept-room";
import type { Cancellation, RoomView } from "./reducer";
import { apply, isDecided, isOver, isUndecided, nextMs, viewOf, withReason } from "./reducer";
import { ResultPoll } from "./result-poll";
import { RoomTaps } from "./room-taps";

export interface RoomHost {
  readonly userId: () => string;
  readonly fetchRoom: (roomId: string) => Promise<Room>;
  /** A seat was asked for here, and no answer has come yet. */
  readonly awaitsSeat: () => boolean;
  readonly onBalance: (balance: number) => void;
  readonly onCancelled: (cancellation: Cancellation, room: Room) => void;
  /** The player's seat in this room was given up, whether the answer to that came or not. */
  readonly onLeft: (room: Room) => void;
  /** The room cannot be followed any more, and nothing is known of its end. */
  readonly onLost: () => void;
}

/** What the room needs of the connection. */
type Wire = Pick<Connection, "send" | "probe">;

const ENTER_TIMEOUT_MS = 3000;
/** Pings that are answered at once tell the server's clock; the quickest answer tells it best. */
const CLOCK_PINGS = 3;
/** The mark of the last of them. */
const MEASURED = "clock";
const ENTER_AGAIN_MS = 1000;
/** What the server's clock has in store for a room (its start, its end) is heard of within this long. */
const OVERDUE_MS = 1500;
/** In a game something is heard many times a second: after this long without a frame the line is asked whether it lives. */
const QUIET_MS = 1000;
/** What is shown of the others is taken for old when nothing has come for this long beyond that, or the room is away for it. */
const DOUBT_MS = 700;
/** A server that is late itself is not asked more often than this. */
const LATE_AGAIN_MS = 5000;

export class RoomSession {
  private readonly host: RoomHost;
  private readonly clock: ServerClock;
  private readonly kept = new KeptRoom(() => this.toKeep());
  private readonly taps: RoomTaps;
  private readonly poll: ResultPoll;
  private readonly viewStore = createStore<RoomView | null>(null);
  private readonly followingStore = createStore(false);
  private readonly liveStore = createStore(true);
  private connection: Wire | null = null;
  private roomId: string | null = null;
  private isEntered = false;
  private isMeasuring = false;
  private enterTimer: number | undefined;
  private overdueTimer: number | undefined;
  private quietTimer: number | undefined;
  private doubtTimer: number | undefined;
  private visits = 0;
  private wasWelcomed = false;

  constructor(host: RoomHost, clock: ServerClock) {
    this.host = host;
    this.clock = clock;
    this.roomId = this.kept.found?.roomId ?? null;
    this.taps = new RoomTaps(
      {
        own: () => this.own,
        endsMs: () => this.viewStore.get()?.room.ends_ms ?? null,
        send: (frame) => {
          if (!this.isEntered || this.roomId === null) return false;
          const user_id = this.host.userId();
          this.connection?.send({ type: "taps", user_id, room_id: this.roomId, ...frame });
          return true;
        },
        probe: () => {
          this.connection?.probe();
        },
      },
      clock,
      this.kept.found?.taps ?? null,
    );
    this.poll = new ResultPoll({
      fetchRoom: host.fetchRoom,
      isUndecided: (roomId) => this.undecided(roomId) !== null,
      onAnswer: (room) => {
        if (room.result) this.host.onBalance(room.result.balance);
        // What was heard since goes before an answer that was long on its way.
        const now = this.undecided(room.room_id);
        if (now) this.show(viewOf(room, now.epoch));
      },
    });
    this.followingStore.set(this.roomId !== null);
  }

  get view(): Readable<RoomView | null> {
    return this.viewStore;
  }

  /** There is a room to show, even where it has not been seen yet. */
  get isFollowing(): Readable<boolean> {
    return this.followingStore;
  }

  /** What is shown of the others is as new as it can be; false while the line is cut, or seems to be. */
  get isLive(): Readable<boolean> {
    return this.liveStore;
  }

  /** One's own taps, as the screen shows them: counted before the server answers. */
  get ownTaps(): Readable<number> {
    return this.taps.shown;
  }

  /** Some of them have waited so long for a connection that they do not count any more. */
  get isLosingTaps(): Readable<boolean> {
    return this.taps.isLosing;
  }

  /** Which visit this is: the same room may be left and entered again while an answer is on its way. */
  get visit(): number {
    return this.visits;
  }

  attach(connection: Wire): void {
    this.connection = connection;
  }

  /** Follow a room that an answer brought, and show it unless more is known already: an answer may be long on its way. */
  open(room: Room): void {
    this.follow(room.room_id);
    if (this.viewStore.get() === null) this.show(viewOf(room, null));
  }

  /** Follow a room of which only the id is known. */
  follow(roomId: string): void {
    if (this.roomId !== roomId) this.close();
    this.roomId = roomId;
    this.followingStore.set(true);
    this.kept.keep({ roomId, taps: null });
    this.enter();
  }

  /** Back to the lobby: forget the room.  Whether the seat is given up is between the caller and the server. */
  close(): void {
    window.clearTimeout(this.enterTimer);
    window.clearTimeout(this.overdueTimer);
    this.calm();
    this.poll.stop();
    this.visits += 1;
    this.roomId = null;
    this.isEntered = false;
    this.clock.release();
    this.kept.forget();
    this.followingStore.set(false);
    this.viewStore.set(null);
    this.taps.clear();
  }

  /** A tap of the finger; whether it counts. */
  tap(): boolean {
    return this.taps.tap();
  }

  onPhase(phase: Phase): void {
    if (phase.name === "online") return;
    this.isEntered = false;
    this.isMeasuring = false;
    if (this.roomId !== null) this.doubt();
  }

  onWelcome(frame: Welcome, receivedAt: number): void {
    this.clock.sample(frame.server_time_ms, receivedAt);
    // Whoever enters last has the room: a page that comes back does not take it from the device where its seat was taken.
    const isWanted = !this.wasWelcomed || this.host.awaitsSeat();
    this.wasWelcomed = true;
    // An ended room on the screen stays there until the player leaves it, unless there is a seat in another one.
    const roomId = (isWanted ? frame.room_id : null) ?? this.roomId;
    // Of a game that is over and paid nothing is left to hear, and soon the server does not know it any more.
    if (roomId === this.roomId && isDecided(this.viewStore.get())) return;
    if (roomId !== null) this.follow(roomId);
  }

  onFrame(frame: Exclude<ServerFrame, Welcome>, receivedAt: number): void {
    this.handle(frame, receivedAt);
    if (this.isEntered) this.listen();
  }

  private handle(frame: Exclude<ServerFrame, Welcome>, receivedAt: number): void {
    switch (frame.type) {
      case "pong":
        this.clock.sample(frame.server_time_ms, receivedAt);
        if (frame.t === MEASURED) {
          this.isMeasuring = false;
          if (this.taps.isPlaying) this.clock.fix();
        }
        return;
      case "balance":
        this.host.onBalance(frame.balance);
        break;
      case "error":
        this.onError(frame);
        return;
      case "settled":
        this.host.onBalance(frame.balance);
        break;
      case "snapshot":
        if (frame.room.room_id !== this.roomId) return;
        this.clock.sample(frame.server_time_ms, receivedAt);
        window.clearTimeout(this.enterTimer);
        this.isEntered = true;
        this.show(viewOf(frame.room, frame.epoch));
        this.taps.sendAgain();
        return;
      default:
        // Until the snapshot is here, it is what tells the state.
        if (!this.isEntered) return;
    }
    this.receive(frame);
  }

  private receive(frame: ServerFrame): void {
    const view = this.viewStore.get();
    if (!view) return;
    const applied = apply(view, frame);
    if (applied.kind === "gap") this.enter();
    if (applied.kind !== "changed") return;
    if (frame.type === "player_left" && frame.user_id === this.host.userId()) {
      this.close();
      this.host.onLeft(view.room);
    } else this.show(applied.view);
  }

  private onError(frame: ErrorFrame): void {
    if (frame.for === "enter") {
      // The answer about a room that was left meanwhile.
      if ((frame.details?.room_id ?? this.roomId) !== this.roomId) return;
      window.clearTimeout(this.enterTimer);
      if (frame.code === "not_found" || frame.code === "forbidden") {
        this.close();
        this.host.onLost();
      } else {
        this.enterAgain();
      }
    } else if (frame.for === "taps" && frame.code === "temporarily_unavailable") {
      // Too many at once: the next snapshot says which of them are missing, and later ones must not overtake those.
      if (this.isEntered) this.enterAgain();
    } else if (frame.for === "taps" && frame.seq !== undefined) {
      this.taps.refuse(frame.seq);
      if (frame.code === "clock") {
        this.measureClock();
      }
    }
  }

  /** The server found our stamps wrong.  One slow answer alone would put them far behind, and all frames were late. */
  private measureClock(): void {
    if (this.isMeasuring) return;
    this.isMeasuring = true;
    this.clock.release();
    for (let i = 1; i < CLOCK_PINGS; i++) this.connection?.send({ type: "ping", t: i });
    this.connection?.send({ type: "ping", t: MEASURED });
  }

  private enterAgain(): void {
    this.isEntered = false;
    window.clearTimeout(this.enterTimer);
    this.enterTimer = window.setTimeout(() => {
      this.enter();
    }, ENTER_AGAIN_MS);
  }

  private enter(): void {
    if (this.roomId === null) return;
    this.isEntered = false;
    window.clearTimeout(this.enterTimer);
    if (!this.connection?.send({ type: "enter", room_id: this.roomId })) return;
    for (let i = 0; i < CLOCK_PINGS; i++) this.connection.send({ type: "ping", t: i });
    this.enterTimer = window.setTimeout(() => {
      this.connection?.probe();
      this.enter();
    }, ENTER_TIMEOUT_MS);
  }

  private show(next: RoomView): void {
    const view = withReason(next, this.viewStore.get());
    // Called off before the start: back to where one came from.  Later there is more to say, and a screen for it.
    if (view.cancelled && view.room.starts_ms === null) {
      this.close();
      this.host.onCancelled(view.cancelled, view.room);
      return;
    }
    this.play(view.room);
    this.viewStore.set(view);
    this.taps.acknowledge();
    if (isUndecided(view)) this.poll.start(view.room.room_id);
    this.awaitNext(view.room);
  }

  /** Something was heard: the room is live, and in a game the next thing is to be heard soon. */
  private listen(): void {
    this.calm();
    if (!this.taps.isPlaying) return;
    this.quietTimer = window.setTimeout(() => {
      this.connection?.probe();
      this.doubt();
    }, QUIET_MS);
  }

  private doubt(): void {
    this.doubtTimer ??= window.setTimeout(() => {
      this.liveStore.set(false);
    }, DOUBT_MS);
  }

  private calm(): void {
    window.clearTimeout(this.quietTimer);
    window.clearTimeout(this.doubtTimer);
    this.doubtTimer = undefined;
    this.liveStore.set(true);
  }

  /** A room that does not do in time what it is due to do was not heard: the line is dead, or its events went elsewhere. */
  private awaitNext(room: Room): void {
    window.clearTimeout(this.overdueTimer);
    const dueMs = nextMs(room);
    if (dueMs === null || !this.isEntered) return;
    const leftMs = dueMs + OVERDUE_MS - this.clock.now();
    this.overdueTimer = window.setTimeout(
      () => {
        if (!this.isEntered) return;
        this.connection?.probe();
        this.enter();
      },
      leftMs > 0 ? leftMs : LATE_AGAIN_MS,
    );
  }

  /** Takes taps from the start of the game to its end. */
  private play(room: Room): void {
    if (room.state === "playing" && room.ends_ms !== null && this.isEntered) {
      if (this.taps.isPlaying) return;
      const own = room.players.find((player) => player.user_id === this.host.userId());
      this.taps.begin({ startsMs: room.starts_ms, endsMs: room.ends_ms }, own?.seq ?? 0);
    } else if (isOver(room)) this.taps.end();
  }

  private get own(): Player | undefined {
    const userId = this.host.userId();
    return this.viewStore.get()?.room.players.find((player) => player.user_id === userId);
  }

  private undecided(roomId: string): RoomView | null {
    const view = this.viewStore.get();
    return view?.room.room_id === roomId && isUndecided(view) ? view : null;
  }

  /** For the page after this one; what waits here goes out before. */
  private toKeep(): Kept | null {
    if (this.roomId === null) return null;
    return { roomId: this.roomId, taps: this.taps.save() };
  }
}
