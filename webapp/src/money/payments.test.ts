import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import type { Wish } from "../api/wish";
import type { Payment, ServerFrame, Welcome, Withdraw } from "../protocol/generated";
import { type RoomView, viewOf } from "../room/reducer";
import { sampleRoom } from "../room/sample";
import type { Services } from "../services/services";
import { createEvents, type EventSource } from "../state/events";
import { sampleStorage } from "../state/sample-storage";
import { createStore, type Store } from "../state/store";
import type { InvoiceStatus } from "../telegram/telegram";
import { KEY_LIFE_MS } from "./idempotent-request";
import { Payments } from "./payments";

const WISH: Wish = { kind: "standard", stake: 50 };
const BODY = { method: "premium", stars: 1500, months: 3 } as const;
const LIVE: RoomView = viewOf(sampleRoom(), "n.1");
const OVER: RoomView = {
  ...LIVE,
  outcome: { winner: null, prize: 0, standings: [], payout: 50 },
};
const CALLED_OFF: RoomView = {
  ...LIVE,
  cancelled: { reason: "outage", refundDue: 50, isRefunded: true },
};

interface Scene {
  readonly payments: Payments;
  readonly view: Store<RoomView | null>;
  readonly isFollowing: Store<boolean>;
  /** The wishes that went on to a seat. */
  readonly joined: Wish[];
  readonly shown: string[];
  readonly frames: EventSource<ServerFrame>;
  readonly missed: EventSource<Welcome>;
  /** What the client says of its window. */
  closeWindow: (status: InvoiceStatus | null) => void;
  readonly asked: { readonly path: string; readonly key: string | undefined }[];
  /** What the server does with the next requests; the last one goes on. */
  answer: () => Promise<unknown>;
  readonly order: () => Payment;
}

function scene({ balance = 1000, userId = "1" } = {}): Scene {
  const view = createStore<RoomView | null>(null);
  const isFollowing = createStore(false);
  const joined: Wish[] = [];
  const shown: string[] = [];
  const frames = createEvents<ServerFrame>();
  const missed = createEvents<Welcome>();
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
    invoice_link: "https://t.me/$slug",
    ton: null,
    credited: 0,
  };
  const made = {
    closeWindow: (() => undefined) as Scene["closeWindow"],
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
    frames,
    missed,
    joining: {
      dismiss: () => undefined,
      join: (wish: Wish) => {
        joined.push(wish);
        return Promise.resolve();
      },
    },
    notices: { show: (notice: string) => shown.push(notice) },
    refreshUser: () => Promise.resolve(),
    room: { view, isFollowing },
    session: { user: { user_id: userId, balance } },
    telegram: {
      haptic: () => undefined,
      openInvoice: () => new Promise((resolve) => (made.closeWindow = resolve)),
    },
  } as unknown as Services;
  const payments = new Payments(services);
  const seen = { view, isFollowing, joined, shown, frames, missed, asked };
  return Object.assign(made, { payments, ...seen, order: () => order });
}

/** The page and its window. */
let page: EventTarget & { visibilityState: string };

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", sampleStorage());
  page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", page);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a withdrawal whose answer was lost", () => {
  const TON = { method: "ton", stars: 30 } as const;
  const WALLET = "0:one";

  /** A page in which it is asked for; a new scene is what a reload makes. */
  async function ask(
    here: Scene,
    body: Withdraw = BODY,
    wallet: string | null = WALLET,
    answer: () => Promise<unknown> = () => Promise.reject(new NetworkError("gone")),
  ): Promise<string | undefined> {
    here.answer = answer;
    here.payments.withdraw(body, wallet).catch(() => undefined);
    await settle();
    return here.asked.at(-1)?.key;
  }
  const refuse = (): Promise<never> =>
    Promise.reject(new ApiError(409, { code: "conflict", message: "" }, null));
  const succeed = (): Promise<unknown> => Promise.resolve({ withdrawal: {} });

  it("goes under its key again, from whichever sheet", async () => {
    const here = scene();
    await ask(here);
    await ask(here);
    expect(here.asked.length).toBeGreaterThan(2);
    expect(new Set(here.asked.map(({ key }) => key)).size).toBe(1);
  });

  it("goes under its key again after a reload, and is over with its answer", async () => {
    const key = await ask(scene());
    expect(await ask(scene(), BODY, WALLET, succeed)).toBe(key);
    expect(await ask(scene())).not.toBe(key);
  });

  it("is over with a refusal", async () => {
    const key = await ask(scene());
    expect(await ask(scene(), BODY, WALLET, refuse)).toBe(key);
    expect(await ask(scene())).not.toBe(key);
  });

  it("is over after its time, in this page and in the next", async () => {
    const here = scene();
    const key = await ask(here);
    vi.setSystemTime(Date.now() + KEY_LIFE_MS);
    const later = await ask(scene());
    expect(later).not.toBe(key);
    vi.setSystemTime(Date.now() + KEY_LIFE_MS);
    expect([key, later]).not.toContain(await ask(here));
  });

  it("is another one for something else, for another wallet, and for somebody else", async () => {
    const key = await ask(scene(), TON);
    expect(await ask(scene({ userId: "2" }), TON)).not.toBe(key);
    expect(await ask(scene(), TON)).toBe(key);
    const elsewhere = await ask(scene(), TON, "0:two");
    expect(elsewhere).not.toBe(key);
    expect(await ask(scene(), { ...TON, stars: 31 }, "0:two")).not.toBe(elsewhere);
  });

  it("is the same gift whatever wallet there is", async () => {
    expect(await ask(scene(), BODY, null)).toBe(await ask(scene(), BODY, WALLET));
  });

  it("goes under its key as long as the page lives where storage is denied", async () => {
    vi.stubGlobal("localStorage", {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
      removeItem: () => undefined,
    });
    const here = scene();
    const key = await ask(here);
    expect(await ask(here)).toBe(key);
    expect(await ask(scene())).not.toBe(key);
  });

  it("is not forgotten for what another tab was answered", async () => {
    const [here, tab] = [scene(), scene()];
    const key = await ask(here);
    const other = await ask(tab, TON);
    expect(await ask(here, BODY, WALLET, succeed)).toBe(key);
    expect(await ask(scene(), TON)).toBe(other);
  });
});

describe("an order whose answer was lost", () => {
  async function order(here: Scene): Promise<string | undefined> {
    const answer = here.answer;
    here.answer = () => Promise.reject(new NetworkError("gone"));
    void here.payments.pay("stars", 50, null);
    await settle();
    here.answer = answer;
    return here.asked.at(-1)?.key;
  }

  it("goes under its key again after a reload", async () => {
    expect(await order(scene())).toBe(await order(scene()));
  });

  it("does not come back once it was found and given up", async () => {
    const key = await order(scene());
    const here = scene();
    const cancelled = { ...here.order(), state: "cancelled" } as const;
    here.answer = () => Promise.resolve({ payments: [here.order()], next_cursor: null });
    here.payments.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(here.payments.pending.get().name).toBe("waiting");
    here.answer = () => Promise.resolve({ payment: cancelled });
    await here.payments.cancel();
    expect(here.payments.pending.get().name).toBe("none");
    expect(await order(here)).not.toBe(key);
  });
});

describe("a payment under way when the page was closed", () => {
  const outOfReach = (): Promise<never> => Promise.reject(new NetworkError("gone"));

  async function reload(): Promise<Scene> {
    await scene().payments.pay("stars", 50, WISH);
    const here = scene();
    here.answer = outOfReach;
    here.payments.start();
    await vi.advanceTimersByTimeAsync(0);
    return here;
  }

  function pays(here: Scene): void {
    const paid = { ...here.order(), state: "paid", paid_ms: Date.now(), credited: 50 } as const;
    here.answer = () => Promise.resolve({ payments: [paid], next_cursor: null });
    here.frames.emit({ type: "payment", payment_id: "one", status: "paid" });
  }

  it("is found though the server was out of reach for a moment", async () => {
    const here = await reload();
    here.answer = () => Promise.resolve({ payments: [here.order()], next_cursor: null });
    await settle();
    expect(here.payments.pending.get()).toMatchObject({ name: "waiting", intent: { wish: WISH } });
  });

  it("is found by an event of it, though the server was out of reach for longer", async () => {
    const here = await reload();
    await settle();
    pays(here);
    await settle();
    expect(here.joined).toEqual([WISH]);
    expect(here.shown).toEqual(["notice.paidIn"]);
  });

  it("is notified once, though it is found by both", async () => {
    const here = await reload();
    pays(here);
    await settle();
    expect(here.joined).toEqual([WISH]);
    expect(here.shown).toEqual(["notice.paidIn"]);
  });
});

describe("a payment that went on while the line was cut", () => {
  const WELCOMED: Welcome = {
    type: "welcome",
    user_id: "1",
    server_time_ms: 0,
    heartbeat_ms: 25_000,
    room_id: null,
  };

  async function cut(here: Scene, change: Partial<Payment>): Promise<string> {
    const payment = { ...here.order(), ...change };
    here.answer = () => Promise.resolve({ payment, payments: [payment], next_cursor: null });
    here.missed.emit(WELCOMED);
    await vi.advanceTimersByTimeAsync(0);
    return here.payments.pending.get().name;
  }

  it("is entered where it was paid on another device", async () => {
    const here = scene();
    here.payments.start();
    await here.payments.pay("stars", 50, WISH);
    here.payments.closed(false);
    await settle();
    expect(await cut(here, { state: "paid", paid_ms: Date.now(), credited: 50 })).toBe("none");
    expect(here.joined).toEqual([WISH]);
  });

  it("is offered where it was ordered on another device, though nothing waited here", async () => {
    const here = scene();
    here.answer = () => Promise.resolve({ payments: [], next_cursor: null });
    here.payments.start();
    await settle();
    expect(here.payments.pending.get().name).toBe("none");
    expect(await cut(here, {})).toBe("waiting");
  });

  it.each([
    ["given up", "cancelled", []],
    ["over", "expired", ["notice.paymentExpired"]],
    ["sent back", "refunded", []],
  ] as const)(
    "does not wait any more where it was %s on another device",
    async (_, state, said) => {
      const here = scene();
      here.payments.start();
      await here.payments.pay("stars", 50, WISH);
      here.payments.closed(false);
      await settle();
      expect(await cut(here, { state })).toBe("none");
      expect([here.joined, here.shown]).toEqual([[], said]);
    },
  );

  it("is seen in a sheet of ours too", async () => {
    const here = scene();
    here.payments.start();
    await here.payments.pay("stars", 50, null);
    here.closeWindow(null);
    await vi.advanceTimersByTimeAsync(0);
    expect(here.payments.pending.get()).toMatchObject({ name: "paying", isHere: true });
    expect(await cut(here, { state: "paid", paid_ms: Date.now(), credited: 50 })).toBe("none");
    expect(here.shown).toEqual(["notice.paidIn"]);
  });
});

describe("a window of which the client never says that it was closed", () => {
  const paid = (here: Scene): Payment => ({
    ...here.order(),
    state: "paid",
    paid_ms: Date.now(),
    credited: 50,
  });

  async function opened(): Promise<Scene> {
    const here = scene();
    here.payments.start();
    await here.payments.pay("stars", 50, WISH);
    expect(here.payments.pending.get().name).toBe("paying");
    page.visibilityState = "visible";
    return here;
  }

  it.each(["visibilitychange", "focus"])("is taken for closed after %s", async (event) => {
    const here = await opened();
    page.dispatchEvent(new Event(event));
    await vi.advanceTimersByTimeAsync(1100);
    expect(here.payments.pending.get().name).toBe("waiting");
  });

  it("is taken for closed after some seconds in which nothing at all comes", async () => {
    const here = await opened();
    await vi.advanceTimersByTimeAsync(9000);
    expect(here.payments.pending.get().name).toBe("paying");
    await vi.advanceTimersByTimeAsync(2000);
    expect(here.payments.pending.get().name).toBe("waiting");
  });

  it("brings the room by itself where it was paid", async () => {
    const here = await opened();
    here.answer = () => Promise.resolve({ payment: paid(here) });
    await settle();
    expect([here.joined, here.shown]).toEqual([[WISH], ["notice.paidIn"]]);
  });

  it.each([
    ["paid", "checking"],
    ["pending", "checking"],
    ["failed", "waiting"],
    ["cancelled", "waiting"],
  ] as const)("may say so later: %s", async (status, name) => {
    const here = await opened();
    await vi.advanceTimersByTimeAsync(11_000);
    here.closeWindow(status);
    await vi.advanceTimersByTimeAsync(0);
    expect(here.payments.pending.get().name).toBe(name);
  });

  it("is another one once it was opened again", async () => {
    const here = await opened();
    await vi.advanceTimersByTimeAsync(9000);
    here.closeWindow("cancelled");
    await vi.advanceTimersByTimeAsync(0);
    here.payments.resume();
    await vi.advanceTimersByTimeAsync(3000);
    expect(here.payments.pending.get().name).toBe("paying");
  });
});

describe("an order", () => {
  it("is the same one when it is asked for again before its window has closed", async () => {
    const here = scene();
    await here.payments.pay("stars", 50, WISH);
    await here.payments.pay("stars", 50, WISH);
    expect(here.asked.map(({ path }) => path)).toEqual(["/api/v1/payments/stars"]);
    await here.payments.pay("stars", 60, WISH);
    expect(here.asked).toHaveLength(2);
  });
});

describe("a room that was paid for", () => {
  async function pay(here: Scene): Promise<void> {
    await here.payments.pay("stars", 50, WISH);
    here.payments.seen({ ...here.order(), state: "paid", paid_ms: Date.now(), credited: 50 });
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
    expect(here.payments.pending.get().name).toBe("none");
  });

  it("is entered where its order was left, and gone on with from the list", async () => {
    const here = scene();
    await here.payments.pay("stars", 50, WISH);
    here.payments.closed(false);
    here.payments.take(here.order());
    expect(here.payments.pending.get().name).toBe("paying");
    here.payments.seen({ ...here.order(), state: "paid", paid_ms: Date.now(), credited: 50 });
    await vi.advanceTimersByTimeAsync(0);
    expect(here.joined).toEqual([WISH]);
  });

  it("takes no second stake from whoever has a seat by then", async () => {
    const here = scene();
    here.view.set(LIVE);
    here.isFollowing.set(true);
    await pay(here);
    expect(here.joined).toEqual([]);
    expect(here.payments.pending.get().name).toBe("none");
  });

  it("is asked about while it is not known whether there is a seat, and not once there is", async () => {
    const here = scene();
    here.payments.start();
    here.isFollowing.set(true);
    await pay(here);
    expect(here.joined).toEqual([]);
    expect(here.payments.pending.get().name).toBe("paid");
    here.view.set(OVER);
    expect(here.payments.pending.get().name).toBe("paid");
    here.view.set(LIVE);
    expect(here.payments.pending.get().name).toBe("none");
  });
});
