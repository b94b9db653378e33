/**
 * Taking a seat, whatever the way to it: one join request is one Idempotency-Key, kept until the server has given a definite answer.
 *
 * Owns the key and the repeats, so that a lost answer never costs a second stake.
 */
import * as z from "zod/mini";
import { ApiError } from "../api/client";
import { type Wish, wishSchema } from "../api/wish";
import { withRetries, isPassing } from "../api/with-retries";
import type { Room } from "../protocol/generated";
import { forget, recall, remember } from "../state/storage";
import { createStore, type Readable } from "../state/store";

export type JoinState =
  | { readonly name: "idle" }
  | { readonly name: "busy"; readonly wish: Wish }
  /** Nothing was taken.  Once there are `needed` Stars, the same wish can be joined again. */
  | {
      readonly name: "insufficient";
      readonly wish: Wish;
      readonly needed: number;
      readonly balance: number;
    }
  /** No answer came: whether a seat was taken is not known. */
  | { readonly name: "unanswered"; readonly wish: Wish }
  /** Nothing was taken, and why. */
  | { readonly name: "refused"; readonly wish: Wish; readonly error: ApiError };

export interface JoinHost {
  readonly join: (wish: Wish, idempotencyKey: string) => Promise<Room>;
  readonly onSeated: (room: Room) => void;
  /** The player has a seat already: somewhere else, or from a join request whose answer was lost. */
  readonly onSeatedIn: (roomId: string) => void;
}

const joinRequestSchema = z.object({ wish: wishSchema, key: z.string(), startedMs: z.number() });
type JoinRequest = z.infer<typeof joinRequestSchema>;

const KEY = "join";
/** A join request that was given up and is older was another visit: its room may be over by now. */
const REQUEST_LIFE_MS = 60_000;
const IDLE: JoinState = { name: "idle" };

export class Joining {
  private readonly host: JoinHost;
  private readonly store = createStore<JoinState>(IDLE);
  private wanted: JoinRequest | null = null;

  constructor(host: JoinHost) {
    this.host = host;
  }

  get state(): Readable<JoinState> {
    return this.store;
  }

  /** A join request has had no answer yet, whether or not it is still repeated. */
  get isOpen(): boolean {
    return this.wanted !== null;
  }

  dismiss(): void {
    this.store.set(IDLE);
  }

  /**
   * The player is in a room, wherever that was heard: a join request that has no answer yet is over.  Its key must not live
   * on either: once the room is left, it would bring back the answer about a seat that is no more.
   */
  settle(): void {
    this.wanted = null;
    forget(KEY);
    this.store.set(IDLE);
  }

  async join(wish: Wish): Promise<void> {
    if (this.store.get().name === "busy") return;
    const request = this.request(wish);
    this.store.set({ name: "busy", wish });
    this.wanted = request;
    const isWanted = (): boolean => this.wanted === request;
    try {
      const room = await withRetries(() => this.host.join(wish, request.key), isWanted);
      if (!isWanted()) return;
      this.settle();
      this.host.onSeated(room);
    } catch (error) {
      if (isWanted()) this.giveUp(wish, error);
    }
  }

  /** The player who is asked to try again is told that the stake is not taken twice, however long that takes. */
  private request(wish: Wish): JoinRequest {
    const isTriedAgain = this.store.get().name === "unanswered";
    const last = this.wanted ?? recall(KEY, joinRequestSchema);
    if (last && isSame(last.wish, wish)) {
      if (isTriedAgain || Date.now() - last.startedMs < REQUEST_LIFE_MS) return last;
    }
    const request = { wish, key: crypto.randomUUID(), startedMs: Date.now() };
    remember(KEY, request);
    return request;
  }

  private giveUp(wish: Wish, error: unknown): void {
    if (!(error instanceof ApiError) || isPassing(error)) {
      this.store.set({ name: "unanswered", wish });
      return;
    }
    this.settle();
    const { needed, balance, room_id } = error.details;
    if (error.code === "already_in_room" && typeof room_id === "string") {
      this.host.onSeatedIn(room_id);
    } else if (error.code === "insufficient_balance") {
      this.store.set({
        name: "insufficient",
        wish,
        needed: typeof needed === "number" ? needed : priceOf(wish),
        balance: typeof balance === "number" ? balance : 0,
      });
    } else {
      this.store.set({ name: "refused", wish, error });
    }
  }
}

const ownLimitSchema = z.discriminatedUnion("limit", [
  z.object({ limit: z.literal("excluded"), until_ms: z.int() }),
  z.object({
    limit: z.literal("daily"),
    until_ms: z.int(),
    daily_stars: z.int(),
    spent_stars: z.int(),
  }),
]);
export type OwnLimit = z.infer<typeof ownLimitSchema>;

/** Which limit of the player's own forbids it; null where it is something else. */
export function ownLimit(error: ApiError): OwnLimit | null {
  if (error.code !== "limit_reached") return null;
  const parsed = ownLimitSchema.safeParse(error.details);
  return parsed.success ? parsed.data : null;
}

/** What it takes to have the wish granted: making a room is free. */
function priceOf(wish: Wish): number {
  return wish.kind === "standard" ? wish.stake : wish.kind === "key" ? wish.fee : 0;
}

function isSame(one: Wish, other: Wish): boolean {
  switch (one.kind) {
    case "standard":
      return other.kind === "standard" && one.stake === other.stake;
    case "key":
      return other.kind === "key" && one.key === other.key && one.fee === other.fee;
    case "make":
      return other.kind === "make" && one.fee === other.fee;
  }
}
