/**
 * One room as its player sees it: the last snapshot with every event since laid over it.
 *
 * Owns what each frame means for the room and what counts as a gap.  A pure function; nothing here asks the server.
 */
import type { Cancelled, Player, Room, ServerFrame, Standing } from "../protocol/generated";

export interface RoomView {
  readonly room: Room;
  /** Null until the first snapshot: the REST answer that opens a room has no place in the order of events. */
  readonly epoch: string | null;
  readonly outcome: Outcome | null;
  readonly cancelled: Cancellation | null;
}

/** `reason` is null where only the cancelled room was seen, not how it came to that. */
export interface Cancellation {
  readonly reason: Cancelled["reason"] | null;
  readonly refundDue: number;
  /** The stake is back on the balance. */
  readonly isRefunded: boolean;
}

/** How a game ended.  `payout` is null while only the live end is known, not yet the recorded one. */
export interface Outcome {
  readonly winner: string | null;
  readonly prize: number;
  readonly standings: readonly Standing[];
  readonly payout: number | null;
}

/** `gap`: something was missed, the room must be entered again. */
export type Applied =
  | { readonly kind: "changed"; readonly view: RoomView }
  | { readonly kind: "same" }
  | { readonly kind: "gap" };

/** A game at its time limit takes what is under way for this long. */
const GRACE_MS = 1000;
const SAME: Applied = { kind: "same" };
const GAP: Applied = { kind: "gap" };

/** The view of a room that an answer or a snapshot shows whole. */
export function viewOf(room: Room, epoch: string | null): RoomView {
  return { room, epoch, outcome: outcomeOf(room), cancelled: cancelledOf(room) };
}

export function apply(view: RoomView, frame: ServerFrame): Applied {
  switch (frame.type) {
    case "snapshot":
      return frame.room.room_id === view.room.room_id
        ? { kind: "changed", view: viewOf(frame.room, frame.epoch) }
        : SAME;
    case "settled":
      return frame.room_id === view.room.room_id
        ? changed(view, { state: "settled", prize: frame.prize, result: frame })
        : SAME;
    case "player_joined":
    case "player_left":
    case "countdown":
    case "started":
    case "progress":
    case "blocked":
    case "finished":
    case "cancelled":
      return inOrder(view, frame);
    case "balance":
      return view.cancelled && !view.cancelled.isRefunded ? refunded(view, view.cancelled) : SAME;
    case "welcome":
    case "bonus":
    case "payment":
    case "pong":
    case "reaction":
    case "error":
      return SAME;
  }
}

type RoomEvent = Extract<ServerFrame, { readonly version: number }>;

function inOrder(view: RoomView, event: RoomEvent): Applied {
  // Before the first snapshot there is nothing that events could be laid over.
  if (view.epoch === null) return SAME;
  const { version } = view.room;
  if (event.epoch !== view.epoch || event.version < version) return GAP;
  if (event.version === version) return SAME;
  const since = event.type === "progress" ? event.since : event.version - 1;
  return since > version ? GAP : lay(view, event);
}

function lay(view: RoomView, event: RoomEvent): Applied {
  const { room } = view;
  const { version } = event;
  switch (event.type) {
    case "player_joined": {
      const others = room.players.filter((player) => player.user_id !== event.player.user_id);
      return changed(view, { version, ...seated(room, [...others, event.player]) });
    }
    case "player_left": {
      const rest = room.players.filter((player) => player.user_id !== event.user_id);
      return changed(view, { version, ...seated(room, rest) });
    }
    case "countdown":
      return changed(view, { version, state: "countdown", starts_ms: event.starts_ms });
    case "started":
      return changed(view, { version, state: "playing", ends_ms: event.ends_ms });
    case "progress":
      return changed(view, {
        version,
        // Who has no update stays the same object, so that nothing of theirs is rendered again.
        players: room.players.map((player) => {
          const update = event.taps[player.user_id];
          return update ? { ...player, taps: update[0], seq: update[1] } : player;
        }),
      });
    case "blocked":
      return changed(view, {
        version,
        players: room.players.map((player) =>
          player.user_id === event.user_id ? { ...player, state: "blocked" } : player,
        ),
      });
    case "finished":
      return changed(view, {
        version,
        state: "finished",
        prize: event.prize,
        players: room.players.map((player) => {
          const standing = event.standings.find((line) => line.user_id === player.user_id);
          return standing ? { ...player, taps: standing.taps, place: standing.place } : player;
        }),
      });
    case "cancelled": {
      const next = viewOf({ ...room, version, state: "cancelled" }, view.epoch);
      const cancelled = { reason: event.reason, refundDue: event.refund_due, isRefunded: false };
      return { kind: "changed", view: { ...next, cancelled } };
    }
  }
}

function changed(view: RoomView, change: Partial<Room>): Applied {
  return { kind: "changed", view: viewOf({ ...view.room, ...change }, view.epoch) };
}

/** What is paid grows and shrinks with the seats, and the prize keeps its part of it. */
function seated(room: Room, players: Player[]): Pick<Room, "players" | "pool" | "prize"> {
  const pool = room.stake * players.length;
  if (room.kind === "hero") return { players, pool, prize: pool - Math.floor(pool / 10) };
  const share = room.pool > 0 ? room.prize / room.pool : 1;
  return { players, pool, prize: Math.floor(pool * share) };
}

function outcomeOf(room: Room): Outcome | null {
  if (room.result) return room.result;
  if (room.state !== "finished" && room.state !== "settled") return null;
  // Only the live end is known: the seats carry it.
  const winner = room.players.find((player) => player.place === 1 && player.taps > 0);
  const standings = room.players.map(({ user_id, taps, place }) => ({
    place,
    user_id,
    taps,
    prize: user_id === winner?.user_id ? room.prize : 0,
  }));
  return {
    winner: winner?.user_id ?? null,
    prize: room.prize,
    standings: standings.sort(byPlace),
    payout: null,
  };
}

function cancelledOf(room: Room): Cancellation | null {
  if (room.state !== "cancelled") return null;
  return { reason: null, refundDue: room.stake, isRefunded: room.result !== null };
}

/** Of the same room as `before`: a room that is shown whole does not say why it was cancelled, its event did. */
export function withReason(view: RoomView, before: RoomView | null): RoomView {
  const { cancelled } = view;
  if (cancelled?.reason !== null) return view;
  return { ...view, cancelled: { ...cancelled, reason: before?.cancelled?.reason ?? null } };
}

/** In a cancelled room the next balance is that of the refund. */
function refunded(view: RoomView, cancelled: Cancellation): Applied {
  return { kind: "changed", view: { ...view, cancelled: { ...cancelled, isRefunded: true } } };
}

function byPlace(a: Standing, b: Standing): number {
  return (a.place ?? Number.MAX_SAFE_INTEGER) - (b.place ?? Number.MAX_SAFE_INTEGER);
}

/** When the room goes on to its next state, at the latest; null where it stays as it is. */
export function nextMs({ state, deadline_ms, starts_ms, ends_ms }: Room): number | null {
  switch (state) {
    case "waiting":
      return deadline_ms;
    case "countdown":
      return starts_ms;
    case "playing":
      return ends_ms === null ? null : ends_ms + GRACE_MS;
    case "finished":
    case "cancelled":
    case "settled":
      return null;
  }
}

/** The game is over, or called off, and what became of the stake is not known yet. */
export function isUndecided({ cancelled, outcome }: RoomView): boolean {
  return cancelled ? !cancelled.isRefunded : outcome?.payout === null;
}

export function isOver({ state }: Room): boolean {
  return state === "finished" || state === "settled" || state === "cancelled";
}

/** The game is over, or called off, and so is what became of the stake. */
export function isDecided(view: RoomView | null): boolean {
  return view !== null && isOver(view.room) && !isUndecided(view);
}

/** The place a player has right now: more taps, or blocked players left out; equal taps share the better place. */
export function livePlace(players: readonly Player[], userId: string): number | null {
  const own = players.find((player) => player.user_id === userId);
  if (!own || own.state === "blocked") return null;
  return 1 + players.filter((player) => player.state === "paid" && player.taps > own.taps).length;
}
