import { afterEach, describe, expect, it, vi } from "vitest";
import { sampleStorage } from "../state/sample-storage";
import { PaymentMemory } from "./memory";

const RECORD = {
  paymentId: "one",
  intent: { wish: { kind: "standard", stake: 500 }, atMs: 5 },
  perhapsPaid: false,
} as const;

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the memory of a payment", () => {
  it("is each player's own, and is taken once", () => {
    vi.stubGlobal("localStorage", sampleStorage());
    const [tab, otherTab, other] = [
      new PaymentMemory("1"),
      new PaymentMemory("1"),
      new PaymentMemory("2"),
    ];
    tab.keep(RECORD);
    expect(otherTab.read()).toEqual(RECORD);
    expect(other.read()).toBeNull();
    expect(tab.take("two")).toBe(false);
    expect([tab.take("one"), otherTab.take("one"), tab.read()]).toEqual([true, false, null]);
  });

  it("does without storage, and with what an older build left", () => {
    const denied = (): never => {
      throw new Error("denied");
    };
    vi.stubGlobal("localStorage", { getItem: denied, setItem: denied, removeItem: denied });
    const memory = new PaymentMemory("1");
    memory.keep(RECORD);
    expect(memory.take("one")).toBe(true);
    expect(memory.take("one")).toBe(false);
    vi.stubGlobal("localStorage", { ...sampleStorage(), getItem: () => '{"paymentId":1}' });
    expect(new PaymentMemory("1").read()).toBeNull();
  });
});
