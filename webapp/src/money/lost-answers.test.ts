import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import type { Withdraw } from "../protocol/generated";
import { sampleStorage } from "../state/sample-storage";
import { KEY_LIFE_MS } from "./idempotent-request";
import { type Scene, scene, WISH } from "./sample-payments";

const BODY = { method: "premium", stars: 1500, months: 3 } as const;
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", sampleStorage());
  const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
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
