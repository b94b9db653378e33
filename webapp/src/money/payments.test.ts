import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Payment, Welcome } from "../protocol/generated";
import { type RoomView, viewOf } from "../room/reducer";
import { sampleRoom } from "../room/sample";
import { sampleStorage } from "../state/sample-storage";
import { type Scene, scene, WISH } from "./sample-payments";

const LIVE: RoomView = viewOf(sampleRoom(), "n.1");
const OVER: RoomView = {
  ...LIVE,
  outcome: { winner: null, prize: 0, standings: [], payout: 50 },
};
const CALLED_OFF: RoomView = {
  ...LIVE,
  cancelled: { reason: "outage", refundDue: 50, isRefunded: true },
};

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
