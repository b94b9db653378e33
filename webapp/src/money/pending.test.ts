import { describe, expect, it } from "vitest";
import type { Payment } from "../protocol/generated";
import {
  ENTERS_ITSELF_MS,
  type Input,
  NONE,
  type Pending,
  step,
  type Step,
  WISH_LIFE_MS,
} from "./pending";

const NOW = 1_000_000_000;
const WISH = { kind: "standard", stake: 500 } as const;
const INTENT = { wish: WISH, atMs: NOW };
const ORDER: Payment = {
  payment_id: "one",
  method: "stars",
  state: "pending",
  stars: 400,
  created_ms: NOW,
  expires_ms: NOW + 900_000,
  paid_ms: null,
  invoice_link: "https://t.me/$abc",
  ton: null,
  credited: 0,
};
const PAID: Payment = { ...ORDER, state: "paid", paid_ms: NOW + 5000, credited: 400 };

function play(inputs: readonly Input[], nowMs = NOW): Step {
  let last: Step = { state: NONE, effects: [] };
  for (const input of inputs) last = step(last.state, input, nowMs);
  return last;
}

const ordered: Input = { type: "ordered", payment: ORDER, intent: INTENT };
const left: Input = { type: "closed", perhapsPaid: false };
const kinds = ({ effects }: Step): string[] => effects.map(({ type }) => type);

describe("a payment under way", () => {
  it("is kept before its window opens", () => {
    const { state, effects } = play([ordered]);
    expect(state).toMatchObject({ name: "paying", isHere: false });
    expect(effects).toEqual([
      { type: "keep", paymentId: "one", intent: INTENT, perhapsPaid: false },
    ]);
  });

  it("waits with a card when its window was left, and the server is asked all the same", () => {
    const closed = play([ordered, left]);
    expect(closed.state.name).toBe("waiting");
    expect(kinds(closed)).toEqual(["keep", "ask"]);
  });

  it("stays perhaps paid where the same order is gone on with by another way", () => {
    const sent = [ordered, { type: "closed", perhapsPaid: true }] as const;
    expect(play([...sent, ordered]).state).toMatchObject({ name: "paying", perhapsPaid: true });
    const other = { ...ordered, payment: { ...ORDER, payment_id: "two" } };
    expect(play([...sent, other]).state).toMatchObject({ name: "paying", perhapsPaid: false });
  });

  it("is perhaps paid as long as a wallet has it to sign, whatever becomes of the page", () => {
    const handed = { type: "handed", paymentId: "one", isHanded: true } as const;
    const declined = { ...handed, isHanded: false } as const;
    const kept = ({ effects: [effect] }: Step): boolean | null =>
      effect?.type === "keep" ? effect.perhapsPaid : null;
    expect(play([ordered, handed]).state.name).toBe("paying");
    expect(kept(play([ordered, handed]))).toBe(true);
    expect(play([ordered, handed, left]).state).toMatchObject({ perhapsPaid: true });
    expect(kept(play([ordered, handed, ordered]))).toBe(true);
    expect(kept(play([ordered, handed, declined]))).toBe(false);
    expect(play([ordered, handed, declined, left]).state).toMatchObject({ perhapsPaid: false });
    // A wallet that gave no answer may have signed all the same, and so may the one before.
    expect(kept(play([ordered, handed, handed, declined]))).toBe(true);
    expect(kept(play([ordered, handed, left, { type: "resumed" }, handed, declined]))).toBe(true);
    const other = { ...ordered, payment: { ...ORDER, payment_id: "two" } };
    expect(kept(play([other, handed]))).toBe(null);
    expect(kept(play([other, { ...handed, paymentId: "two" }, declined]))).toBe(null);
  });

  it("is not paid because a window says so", () => {
    const closed = play([ordered, { type: "closed", perhapsPaid: true }]);
    expect(closed.state.name).toBe("checking");
    expect(kinds(closed)).toEqual(["keep", "ask"]);
    expect(
      play([ordered, { type: "closed", perhapsPaid: true }, { type: "patienceOver" }]).state,
    ).toMatchObject({
      name: "waiting",
      perhapsPaid: true,
    });
  });

  it("takes the player into the room once the server says that it is paid", () => {
    for (const before of [
      [ordered],
      [ordered, left],
      [ordered, { type: "closed", perhapsPaid: true } as const],
    ]) {
      const paid = play([...before, { type: "seen", payment: PAID }]);
      expect(paid.state).toMatchObject({ name: "entering", wish: WISH });
      expect(paid.effects).toEqual([
        { type: "notify", outcome: "paid", stars: 400 },
        { type: "join", paymentId: "one", wish: WISH },
      ]);
    }
  });

  it("joins once, however often the server says it", () => {
    const paid: Input = { type: "seen", payment: PAID };
    const entering = play([ordered, paid]);
    expect(step(entering.state, paid, NOW)).toEqual({ state: entering.state, effects: [] });
    const done = step(entering.state, { type: "entered", isDone: true }, NOW);
    expect(step(done.state, paid, NOW)).toEqual({ state: NONE, effects: [] });
  });

  it("asks first where the way in was blocked, or where it was long ago", () => {
    const blocked: Input[] = [
      ordered,
      { type: "seen", payment: PAID },
      { type: "entered", isDone: false },
    ];
    expect(play(blocked).state).toMatchObject({ name: "paid", wish: WISH });
    const waiting = play([ordered, left]).state;
    const late = step(waiting, { type: "seen", payment: PAID }, NOW + ENTERS_ITSELF_MS + 1);
    expect(late.state).toMatchObject({ name: "paid", wish: WISH });
    expect(late.effects).toEqual([]);
    const forgotten = step(waiting, { type: "seen", payment: PAID }, NOW + WISH_LIFE_MS + 1);
    expect(forgotten.state).toBe(NONE);
    expect(kinds(forgotten)).toEqual(["forget", "notify"]);
  });

  it("does not trust a clock that was set back", () => {
    const waiting = play([ordered, left]).state;
    const paid = step(waiting, { type: "seen", payment: PAID }, NOW - ENTERS_ITSELF_MS - 1);
    expect(paid.state.name).toBe("paid");
  });

  it("renews the wish when the player goes on with it", () => {
    const waiting = play([ordered, left]).state;
    const later = NOW + 10 * ENTERS_ITSELF_MS;
    const resumed = step(waiting, { type: "resumed" }, later);
    expect(resumed.state).toMatchObject({ name: "paying", intent: { wish: WISH, atMs: later } });
    expect(step(resumed.state, { type: "seen", payment: PAID }, later + 1).state.name).toBe(
      "entering",
    );
  });

  it("is taken up after a reload, on this device with its room and on another without", () => {
    const found = play([{ type: "found", payment: ORDER, intent: INTENT, perhapsPaid: true }]);
    expect(found.state).toMatchObject({ name: "waiting", intent: INTENT, perhapsPaid: true });
    expect(kinds(found)).toEqual(["ask"]);
    const paid = play([{ type: "found", payment: PAID, intent: INTENT, perhapsPaid: false }]);
    expect(kinds(paid)).toEqual(["notify", "join"]);
    const elsewhere = play([
      { type: "found", payment: ORDER, intent: null, perhapsPaid: false },
      { type: "seen", payment: PAID },
    ]);
    expect(elsewhere.state).toBe(NONE);
    expect(kinds(elsewhere)).toEqual(["forget", "notify"]);
  });

  it("is not pushed aside by what a start of the page finds", () => {
    const other = { ...ORDER, payment_id: "two" };
    const paying = play([ordered]).state;
    const found: Input = { type: "found", payment: other, intent: null, perhapsPaid: false };
    expect(step(paying, found, NOW).state).toBe(paying);
    expect(step(paying, { type: "seen", payment: { ...PAID, payment_id: "two" } }, NOW).state).toBe(
      paying,
    );
  });

  it.each(["cancelled", "refunded"] as const)("is gone without a word when it was %s", (state) => {
    const over = play([ordered, left, { type: "seen", payment: { ...ORDER, state } }]);
    expect(over).toEqual({ state: NONE, effects: [{ type: "forget" }] });
  });

  it("says that its time is over, and that an operator looks at it", () => {
    const expired = play([
      ordered,
      left,
      { type: "seen", payment: { ...ORDER, state: "expired" } },
    ]);
    expect(kinds(expired)).toEqual(["forget", "notify"]);
    const review: Pending = play([
      ordered,
      left,
      { type: "seen", payment: { ...ORDER, state: "review" } },
    ]).state;
    expect(review.name).toBe("review");
    expect(step(review, { type: "seen", payment: PAID }, NOW).state).toBe(NONE);
    expect(step(review, { type: "dismissed" }, NOW).state).toBe(NONE);
  });

  it("shows TON, and what Telegram cannot open, in a sheet of ours", () => {
    const ton: Payment = { ...ORDER, method: "ton" };
    expect(play([{ type: "ordered", payment: ton, intent: null }]).state).toMatchObject({
      isHere: true,
    });
    expect(play([ordered, { type: "noWindow" }]).state).toMatchObject({
      name: "paying",
      isHere: true,
    });
  });
});
