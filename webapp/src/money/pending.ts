/**
 * A payment under way, as one pure state machine: an input gives the next state and what to do.
 *
 * Owns when a card offers to go on, and when a paid room is entered.  Believes only what the server said of a payment:
 * what a window said when it closed chooses words, never a state that means money.  Knows no timer, storage or network.
 */
import type { Wish } from "../api/wish";
import type { Payment } from "../protocol/generated";

/** A room is entered by itself only this soon after the player last asked for it; later the player is asked. */
export const ENTERS_ITSELF_MS = 120_000;
/** Nobody still waits for that room. */
export const WISH_LIFE_MS = 3_600_000;

/** The room that the payment is for, and when the player last asked for it, by this device's clock. */
export interface Intent {
  readonly wish: Wish;
  readonly atMs: number;
}

interface Under {
  readonly payment: Payment;
  readonly intent: Intent | null;
  /** A window closed as if it was paid, or a wallet has signed: to pay again may be to pay twice. */
  readonly perhapsPaid: boolean;
}

export type Pending =
  | { readonly name: "none" }
  /** The player is at it: in Telegram's window, or (`isHere`) in a sheet of ours.  `isHanded`: a wallet is to sign it. */
  | ({ readonly name: "paying"; readonly isHere: boolean; readonly isHanded: boolean } & Under)
  /** Perhaps it is paid: the server has not said so yet. */
  | ({ readonly name: "checking" } & Under)
  /** It was left: the player may go on with it or give it up. */
  | ({ readonly name: "waiting" } & Under)
  /** Paid, and on the way into the room. */
  | { readonly name: "entering"; readonly payment: Payment; readonly wish: Wish }
  /** Paid, but the player is asked before a stake is taken: it was long ago, or the way in was blocked. */
  | { readonly name: "paid"; readonly payment: Payment; readonly wish: Wish }
  /** Something came that an operator has to look at. */
  | { readonly name: "review"; readonly payment: Payment };

export type Input =
  | { readonly type: "ordered"; readonly payment: Payment; readonly intent: Intent | null }
  /** Known from before: a reload, another device. */
  | ({ readonly type: "found" } & Under)
  /** There is no window of Telegram's here. */
  | { readonly type: "noWindow" }
  /** A wallet has it to sign, and may do so when this page is no more; or it declined. */
  | { readonly type: "handed"; readonly paymentId: string; readonly isHanded: boolean }
  | { readonly type: "closed"; readonly perhapsPaid: boolean }
  /** Telegram's window may be gone without a word: some clients never say that it was closed. */
  | { readonly type: "unheard" }
  | { readonly type: "resumed" }
  /** Long enough asked without an answer that is one. */
  | { readonly type: "patienceOver" }
  /** The server's word. */
  | { readonly type: "seen"; readonly payment: Payment }
  /** `isDone`: joining has the wish now, or another tab has it. */
  | { readonly type: "entered"; readonly isDone: boolean }
  /** Enough: the card goes, the payment is what the server says. */
  | { readonly type: "dismissed" };

export type Effect =
  /** Survive a reload with this. */
  | {
      readonly type: "keep";
      readonly paymentId: string;
      readonly intent: Intent | null;
      readonly perhapsPaid: boolean;
    }
  | { readonly type: "forget" }
  /** Ask the server, again and again, soon first. */
  | { readonly type: "ask" }
  /** Once, and only by whoever gets to forget it first: other tabs have the same payment. */
  | { readonly type: "join"; readonly paymentId: string; readonly wish: Wish }
  | { readonly type: "notify"; readonly outcome: "paid" | "expired"; readonly stars: number };

export interface Step {
  readonly state: Pending;
  readonly effects: readonly Effect[];
}

export const NONE: Pending = { name: "none" };

/** `nowMs` is this device's clock. */
export function step(state: Pending, input: Input, nowMs: number): Step {
  switch (input.type) {
    case "ordered": {
      const { payment, intent } = input;
      // The same order once more: what was perhaps sent for it may still arrive.
      const isSame = "perhapsPaid" in state && state.payment.payment_id === payment.payment_id;
      return pay({ payment, intent, perhapsPaid: isSame && isPerhapsPaid(state) });
    }
    case "found":
      // What the player is at goes before what a start of the page finds.
      if (state.name !== "none") return stay(state);
      return withAsking(judge(under("waiting", input), input.payment, nowMs));
    case "noWindow":
      return state.name === "paying" ? go({ ...state, isHere: true }) : stay(state);
    case "handed": {
      if (state.name !== "paying" || state.payment.payment_id !== input.paymentId) {
        return stay(state);
      }
      const { isHanded } = input;
      // Handed over once more, it may be signed as it was before: only this time is declined then.
      const perhapsPaid = isHanded ? isPerhapsPaid(state) : state.perhapsPaid;
      const handed = { ...state, perhapsPaid, isHanded };
      return { state: handed, effects: [keep({ ...handed, perhapsPaid: isPerhapsPaid(handed) })] };
    }
    case "unheard":
      if (state.name !== "paying" || state.isHere) return stay(state);
      return { state: under("waiting", state), effects: [{ type: "ask" }] };
    case "closed": {
      // The word may come when nobody waited for it any more: then it still tells of a payment.
      if (state.name !== "paying" && !(state.name === "waiting" && input.perhapsPaid)) {
        return stay(state);
      }
      const perhapsPaid = isPerhapsPaid(state) || input.perhapsPaid;
      const closed = { ...state, perhapsPaid };
      return {
        state: under(input.perhapsPaid ? "checking" : "waiting", closed),
        effects: [keep(closed), { type: "ask" }],
      };
    }
    case "resumed": {
      if (state.name !== "waiting" && state.name !== "checking") return stay(state);
      return pay({ ...state, intent: state.intent && { ...state.intent, atMs: nowMs } });
    }
    case "patienceOver":
      return state.name === "checking" ? go(under("waiting", state)) : stay(state);
    case "seen":
      if (state.name === "none" || state.payment.payment_id !== input.payment.payment_id) {
        return stay(state);
      }
      // What was paid and notified stays so; a refund that follows is in the list of payments.
      if (state.name === "paid" || state.name === "entering") return stay(state);
      return judge(state, input.payment, nowMs);
    case "entered":
      if (state.name !== "entering") return stay(state);
      return go(input.isDone ? NONE : { ...state, name: "paid" });
    case "dismissed":
      return state.name === "none" ? stay(state) : { state: NONE, effects: [{ type: "forget" }] };
  }
}

type Judged = Exclude<Pending, { readonly name: "none" | "paid" | "entering" }>;

/** The same payment as the server sees it now. */
function judge(state: Judged, payment: Payment, nowMs: number): Step {
  const intent = state.name === "review" ? null : state.intent;
  switch (payment.state) {
    case "pending":
      return go({ ...state, payment });
    case "paid": {
      const notify: Effect = { type: "notify", outcome: "paid", stars: payment.credited };
      const ageMs = intent === null ? Number.POSITIVE_INFINITY : Math.abs(nowMs - intent.atMs);
      if (intent === null || ageMs > WISH_LIFE_MS) {
        return { state: NONE, effects: [{ type: "forget" }, notify] };
      }
      const { wish } = intent;
      return ageMs <= ENTERS_ITSELF_MS
        ? {
            state: { name: "entering", payment, wish },
            effects: [notify, { type: "join", paymentId: payment.payment_id, wish }],
          }
        : { state: { name: "paid", payment, wish }, effects: [] };
    }
    case "review":
      return { state: { name: "review", payment }, effects: [{ type: "forget" }] };
    case "expired":
      return {
        state: NONE,
        effects: [{ type: "forget" }, { type: "notify", outcome: "expired", stars: payment.stars }],
      };
    case "cancelled":
    case "refunded":
      return { state: NONE, effects: [{ type: "forget" }] };
  }
}

/** Whoever waits hears of it by the socket; asking is for when that is silent. */
function withAsking(step: Step): Step {
  return step.state.name === "waiting"
    ? { ...step, effects: [...step.effects, { type: "ask" }] }
    : step;
}

function pay({ payment, intent, perhapsPaid }: Under): Step {
  const state = { payment, intent, perhapsPaid };
  return {
    state: { name: "paying", isHere: payment.method === "ton", isHanded: false, ...state },
    effects: [keep(state)],
  };
}

function isPerhapsPaid(state: Under & { readonly isHanded?: boolean }): boolean {
  return state.perhapsPaid || state.isHanded === true;
}

function under(
  name: "checking" | "waiting",
  { payment, intent, perhapsPaid }: Under,
): Extract<Pending, { readonly name: "checking" | "waiting" }> {
  return { name, payment, intent, perhapsPaid };
}

function keep({ payment, intent, perhapsPaid }: Under): Effect {
  return { type: "keep", paymentId: payment.payment_id, intent, perhapsPaid };
}

function go(state: Pending): Step {
  return { state, effects: [] };
}

const stay = go;
