/**
 * Where payments are made: drives the state machine of `pending.ts` with the server, Telegram's window and the clock.
 *
 * Must never take a window's word, or a wallet's, for a payment: every state that means money comes from the server.
 */
import { ApiError } from "../api/client";
import type { Wish } from "../api/wish";
import { withRetries } from "../api/with-retries";
import type { Payment, ServerFrame, Withdraw, Withdrawal } from "../protocol/generated";
import { useServices } from "../services/context";
import type { Services } from "../services/services";
import { createStore, type Readable } from "../state/store";
import { IdempotentRequest } from "./idempotent-request";
import { PaymentMemory } from "./memory";
import { type Method, MoneyApi } from "./money-api";
import { type Refused, refusedBy } from "./refusals";
import { type Effect, type Input, NONE, type Pending, step } from "./pending";

/** When the server is asked after a window has closed; the last wait repeats while nothing has changed. */
const ASK_MS = [0, 500, 1000, 2000, 4000, 8000, 15_000] as const;
/** A client that does not say that its window was closed is not waited for any longer; the server knows what was paid. */
const WINDOW_MS = 10_000;
/** One is back at the page: the client's word may come a little later. */
const WORD_MS = 1000;
/** How long "we are checking" is said of a window, and of a transaction on its way through the chain. */
const PATIENCE_MS: Readonly<Record<Method, number>> = { stars: 20_000, ton: 120_000 };
/** The server's clock and its sweep may be a little behind the moment. */
const EXPIRY_GRACE_MS = 2000;

const made = new WeakMap<Services, Payments>();

/** The one place of payments of this page, made when the first screen needs it. */
export function usePayments(): Payments {
  const services = useServices();
  let payments = made.get(services);
  if (!payments) {
    payments = new Payments(services);
    made.set(services, payments);
  }
  return payments;
}

export class Payments {
  readonly api: MoneyApi;
  private readonly services: Services;
  private readonly store = createStore<Pending>(NONE);
  // Kept here, not by a screen: the same wish from a sheet that was opened anew goes under the same key.
  private readonly ordering: IdempotentRequest;
  private readonly withdrawing: IdempotentRequest;
  private readonly memory: PaymentMemory;
  private askTimer: ReturnType<typeof setTimeout> | undefined;
  private patienceTimer: ReturnType<typeof setTimeout> | undefined;
  private windowTimer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;
  private hasStarted = false;

  constructor(services: Services) {
    this.services = services;
    this.api = new MoneyApi(services.api.ask);
    const userId = services.session.user?.user_id ?? "";
    this.memory = new PaymentMemory(userId);
    this.ordering = new IdempotentRequest(`ordering.${userId}`);
    this.withdrawing = new IdempotentRequest(`withdrawing.${userId}`);
  }

  get pending(): Readable<Pending> {
    return this.store;
  }

  /** Take up what was left, here or on another device, and listen from now on. */
  start(): void {
    if (this.hasStarted) return;
    this.hasStarted = true;
    this.services.frames.subscribe((frame) => {
      if (frame.type === "payment") void this.onPaymentEvent(frame);
    });
    this.services.room.view.subscribe(() => {
      this.dropWish();
    });
    const onReturn = (): void => {
      if (document.visibilityState === "visible") this.lookAgain();
    };
    document.addEventListener("visibilitychange", onReturn);
    window.addEventListener("focus", onReturn);
    this.services.missed.subscribe(() => {
      if (this.store.get().name === "none") void this.find();
      else this.lookAgain();
    });
    void this.find();
  }

  /** Order, and open the window to pay in.  Null when that is done. */
  async pay(method: Method, stars: number, wish: Wish | null): Promise<Refused | null> {
    const before = this.store.get();
    const intent = wish && { wish, atMs: Date.now() };
    const left = this.leftOver(before, method, stars);
    try {
      const payment =
        left ??
        (await this.ordering.send({ method, stars }, (key) => this.api.order(method, stars, key)));
      if (!left) this.giveUp(before);
      this.input({ type: "ordered", payment, intent });
    } catch (error) {
      return refusedBy(error);
    }
    this.services.joining.dismiss();
    this.openWindow();
    return null;
  }

  /** `wallet`: where TON goes, which the server knows and the body does not say: to another one is another wish. */
  withdraw(body: Withdraw, wallet: string | null): Promise<Withdrawal> {
    const wish = { ...body, wallet: body.method === "ton" ? wallet : null };
    return this.withdrawing.send(wish, (key) => this.api.withdraw(body, key));
  }

  /** Go on with what waits: the same order, so that nothing is paid twice. */
  resume(): void {
    this.input({ type: "resumed" });
    this.openWindow();
  }

  /** Go on with an order from the list; if it is the one that waits, for the same room. */
  take(payment: Payment): void {
    const state = this.store.get();
    if (state.name !== "none" && state.payment.payment_id === payment.payment_id) {
      this.resume();
      return;
    }
    this.input({ type: "ordered", payment, intent: null });
    this.openWindow();
  }

  /** A wallet was asked to pay it, or (false) declined. */
  handed(paymentId: string, isHanded: boolean): void {
    this.input({ type: "handed", paymentId, isHanded });
  }

  /** The sheet of ours was closed. */
  closed(perhapsPaid: boolean): void {
    this.input({ type: "closed", perhapsPaid });
  }

  dismiss(): void {
    this.input({ type: "dismissed" });
  }

  async cancel(): Promise<void> {
    const state = this.store.get();
    if (state.name !== "waiting" && state.name !== "checking") return;
    const { payment_id } = state.payment;
    try {
      this.seen(await this.api.cancel(payment_id));
    } catch (error) {
      // It came to another end meanwhile: the player is notified of that end.
      if (error instanceof ApiError && error.code === "conflict") await this.look(payment_id);
      else this.services.notices.show("notice.notCancelled");
    }
  }

  /** Into the room that was paid for. */
  enter(): void {
    const state = this.store.get();
    if (state.name !== "paid") return;
    this.input({ type: "dismissed" });
    void this.services.joining.join(state.wish);
  }

  /** What the server said of a payment, whoever asked. */
  seen(payment: Payment): void {
    this.input({ type: "seen", payment });
  }

  private openWindow(): void {
    const state = this.store.get();
    if (state.name !== "paying" || state.isHere || state.payment.invoice_link === null) return;
    const { payment_id, invoice_link } = state.payment;
    this.awaitWord(WINDOW_MS);
    void this.services.telegram.openInvoice(invoice_link).then((status) => {
      const now = this.store.get();
      if (now.name === "none" || now.payment.payment_id !== payment_id) return;
      if (status === null) this.input({ type: "noWindow" });
      else this.closed(status === "paid" || status === "pending");
    });
  }

  /** What is under way may have gone on where nothing was heard of it. */
  private lookAgain(): void {
    const state = this.store.get();
    if (state.name !== "paying") this.askFrom(0);
    else if (state.isHere) void this.look(state.payment.payment_id);
    else this.awaitWord(WORD_MS);
  }

  private awaitWord(ms: number): void {
    clearTimeout(this.windowTimer);
    this.windowTimer = setTimeout(() => {
      this.input({ type: "unheard" });
    }, ms);
  }

  /** An order for the same that can still be paid. */
  private leftOver(state: Pending, method: Method, stars: number): Payment | null {
    if (!("perhapsPaid" in state)) return null;
    const { payment } = state;
    const isSame = payment.method === method && payment.stars === stars;
    return isSame && payment.expires_ms > this.services.clock.now() ? payment : null;
  }

  /** What is paid all the same is credited all the same. */
  private giveUp(state: Pending): void {
    if (state.name !== "waiting") return;
    this.api.cancel(state.payment.payment_id).catch(() => undefined);
  }

  private async find(): Promise<void> {
    const kept = this.memory.read();
    try {
      const found = await withRetries(() => this.lookUp(kept?.paymentId));
      // Meanwhile an event may have brought it to its end: the player is notified once.
      if (!found || this.memory.read()?.paymentId !== kept?.paymentId) return;
      this.input({
        type: "found",
        payment: found,
        intent: kept?.intent ?? null,
        perhapsPaid: kept?.perhapsPaid ?? false,
      });
    } catch (error) {
      if (error instanceof ApiError && error.code === "not_found") this.memory.forget();
      // Out of reach: what comes by the socket, or the next start, finds it.
    }
  }

  /** The payment that was under way here, or else one that waits. */
  private async lookUp(keptId: string | undefined): Promise<Payment | undefined> {
    const { payments } = await this.api.payments(null);
    if (keptId === undefined) {
      const now = this.services.clock.now();
      return payments.find(({ state, expires_ms }) => state === "pending" && expires_ms > now);
    }
    return (
      payments.find(({ payment_id }) => payment_id === keptId) ?? (await this.api.payment(keptId))
    );
  }

  private async onPaymentEvent({
    payment_id,
    status,
  }: Extract<ServerFrame, { type: "payment" }>): Promise<void> {
    const state = this.store.get();
    if (state.name !== "none" && state.payment.payment_id === payment_id)
      await this.look(payment_id);
    else if (
      state.name === "none" &&
      (status === "pending" || this.memory.read()?.paymentId === payment_id)
    )
      await this.find();
    else if (status === "paid") await this.services.refreshUser();
  }

  private async look(paymentId: string): Promise<void> {
    try {
      this.seen(await this.api.payment(paymentId));
    } catch {
      // Asked again in its time.
    }
  }

  private askFrom(asked: number): void {
    this.asked = asked;
    clearTimeout(this.askTimer);
    const waitMs = ASK_MS[Math.min(asked, ASK_MS.length - 1)];
    this.askTimer = setTimeout(() => void this.askOnce(), waitMs);
  }

  private async askOnce(): Promise<void> {
    const state = this.store.get();
    if (state.name !== "waiting" && state.name !== "checking") return;
    await this.look(state.payment.payment_id);
    const now = this.store.get();
    if (now.name !== "waiting" && now.name !== "checking") return;
    if (now.payment.expires_ms + EXPIRY_GRACE_MS < this.services.clock.now()) {
      // The server's sweep has yet to come by; the moment itself is over, and what still arrives is credited.
      this.seen({ ...now.payment, state: "expired" });
      return;
    }
    if (document.visibilityState === "visible") this.askFrom(this.asked + 1);
  }

  private input(input: Input): void {
    // The order that was made is here, or over: its key would bring it back as it was.
    if (input.type === "found" || (input.type === "seen" && input.payment.state !== "pending"))
      this.ordering.settle();
    const before = this.store.get();
    const { state, effects } = step(before, input, Date.now());
    this.store.set(state);
    this.dropWish();
    if (state.name === "checking" && before.name !== "checking") {
      clearTimeout(this.patienceTimer);
      this.patienceTimer = setTimeout(() => {
        this.input({ type: "patienceOver" });
      }, PATIENCE_MS[state.payment.method]);
    }
    for (const effect of effects) this.carryOut(effect);
  }

  private carryOut(effect: Effect): void {
    const { notices, refreshUser, telegram } = this.services;
    switch (effect.type) {
      case "keep":
        this.memory.keep(effect);
        return;
      case "forget":
        this.memory.forget();
        return;
      case "ask":
        this.askFrom(0);
        return;
      case "join":
        if (this.memory.take(effect.paymentId)) void this.join(effect.wish);
        else this.input({ type: "entered", isDone: true });
        return;
      case "notify":
        if (effect.outcome === "paid") {
          telegram.haptic("success");
          void refreshUser();
          notices.show("notice.paidIn", effect.stars);
        } else {
          notices.show("notice.paymentExpired", effect.stars);
        }
    }
  }

  private async join(wish: Wish): Promise<void> {
    const { joining, refreshUser, room, session } = this.services;
    await refreshUser();
    // A room that is over lets go of the player; one that was not seen yet may not.
    const isFree = !room.isFollowing.get() || (room.view.get() !== null && !this.isSeated());
    const isEnough = (session.user?.balance ?? 0) >= priceOf(wish);
    this.input({ type: "entered", isDone: isEnough && isFree });
    if (isEnough && isFree) await joining.join(wish);
  }

  private isSeated(): boolean {
    const view = this.services.room.view.get();
    return view !== null && view.outcome === null && view.cancelled === null;
  }

  /** Whoever took a seat by other means is not asked for a second stake later. */
  private dropWish(): void {
    if (this.store.get().name === "paid" && this.isSeated()) this.dismiss();
  }
}

function priceOf(wish: Wish): number {
  switch (wish.kind) {
    case "standard":
      return wish.stake;
    case "key":
      return wish.fee;
    case "make":
      return 0;
  }
}
