import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import type { Services } from "../app/services";
import type { Wish } from "../join/joining";
import type { Payment, Room, ServerFrame } from "../protocol/generated";
import { type RoomView, viewOf } from "../room/reducer";
import { createEvents } from "../state/events";
import { createStore, type Store } from "../state/store";
import { PaymentDesk } from "./desk";
import { KEY_LIFE_MS } from "./insistent";

const WISH: Wish = { kind: "standard", stake: 50 };
const BODY = { method: "premium", stars: 1500, months: 3 } as const;
const ROOM: Room = {
  room_id: "00abcdefghijklmn",
  kind: "standard",
  state: "waiting",
  stake: 50,
  capacity: 10,
  target: null,
  pool: 50,
  prize: 45,
  organizer_id: null,
  organizer: null,
  key: null,
  created_ms: 1,
  deadline_ms: 60_001,
  starts_ms: null,
  ends_ms: null,
  version: 1,
  players: [],
  result: null,
};
const LIVE: RoomView = viewOf(ROOM, "n.1");
const OVER: RoomView = {
  ...LIVE,
  outcome: { winner: null, prize: 0, standings: [], payout: 50 },
};
const CALLED_OFF: RoomView = {
  ...LIVE,
  cancelled: { reason: "outage", refundDue: 50, isRefunded: true },
};

interface Scene {
  readonly desk: PaymentDesk;
  readonly view: Store<RoomView | null>;
  readonly isFollowing: Store<boolean>;
  /** The wishes that went on to a seat. */
  readonly joined: Wish[];
  readonly asked: { readonly path: string; readonly key: string | undefined }[];
  /** What the server does with the next requests; the last one goes on. */
  answer: () => Promise<unknown>;
  readonly order: () => Payment;
}

function scene(balance = 1000): Scene {
  const view = createStore<RoomView | null>(null);
  const isFollowing = createStore(false);
  const joined: Wish[] = [];
  const asked: { path: string; key: string | undefined }[] = [];
  const now = Date.now();
  const order: Payment = {
    payment_id: "one",
    method: "stars",
    state: "pending",
    stars: 50,
    created_ms: now,
    expires_ms: now + 900_000,
    paid_ms: null,
    invoice_link: null,
    ton: null,
    credited: 0,
  };
  const made = {
    answer: (): Promise<unknown> => Promise.resolve({ payment: order }),
  };
  const services = {
    api: {
      ask: ({ path, idempotencyKey }: { path: string; idempotencyKey?: string }) => {
        asked.push({ path, key: idempotencyKey });
        return made.answer();
      },
    },
    clock: { now: () => Date.now() },
    frames: createEvents<ServerFrame>(),
    joining: {
      dismiss: () => undefined,
      join: (wish: Wish) => {
        joined.push(wish);
        return Promise.resolve();
      },
    },
    notices: { show: () => undefined },
    refreshUser: () => Promise.resolve(),
    room: { view, isFollowing },
    session: { user: { user_id: "1", balance } },
    telegram: { haptic: () => undefined },
  } as unknown as Services;
  const desk = new PaymentDesk(services);
  return Object.assign(made, { desk, view, isFollowing, joined, asked, order: () => order });
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { visibilityState: "hidden", addEventListener: () => undefined });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a withdrawal whose answer was lost", () => {
  async function ask(here: Scene): Promise<void> {
    here.desk.withdraw(BODY).catch(() => undefined);
    await settle();
  }

  it("goes under its key again, from whichever sheet", async () => {
    const here = scene();
    here.answer = () => Promise.reject(new NetworkError("gone"));
    await ask(here);
    await ask(here);
    expect(here.asked.length).toBeGreaterThan(2);
    expect(new Set(here.asked.map(({ key }) => key)).size).toBe(1);
  });

  it("is another one after its time, or after a definite answer", async () => {
    const here = scene();
    here.answer = () => Promise.reject(new NetworkError("gone"));
    await ask(here);
    vi.setSystemTime(Date.now() + KEY_LIFE_MS);
    here.answer = () => Promise.reject(new ApiError(409, { code: "conflict", message: "" }, null));
    await ask(here);
    await ask(here);
    expect(new Set(here.asked.map(({ key }) => key)).size).toBe(3);
  });
});

describe("a room that was paid for", () => {
  async function pay(here: Scene): Promise<void> {
    await here.desk.pay("stars", 50, WISH);
    here.desk.seen({ ...here.order(), state: "paid", paid_ms: Date.now(), credited: 50 });
    await vi.advanceTimersByTimeAsync(0);
  }

  it.each([
    ["from the results of a game", OVER],
    ["from a game that was called off", CALLED_OFF],
    ["from the lobby", null],
  ])("is entered %s", async (_, view) => {
    const here = scene();
    here.view.set(view);
    here.isFollowing.set(view !== null);
    await pay(here);
    expect(here.joined).toEqual([WISH]);
    expect(here.desk.pending.get().name).toBe("none");
  });

  it("takes no second stake from whoever has a seat by then", async () => {
    const here = scene();
    here.view.set(LIVE);
    here.isFollowing.set(true);
    await pay(here);
    expect(here.joined).toEqual([]);
    expect(here.desk.pending.get().name).toBe("none");
  });

  it("is asked about while it is not known whether there is a seat, and not once there is", async () => {
    const here = scene();
    here.desk.start();
    here.isFollowing.set(true);
    await pay(here);
    expect(here.joined).toEqual([]);
    expect(here.desk.pending.get().name).toBe("paid");
    here.view.set(OVER);
    expect(here.desk.pending.get().name).toBe("paid");
    here.view.set(LIVE);
    expect(here.desk.pending.get().name).toBe("none");
  });
});
