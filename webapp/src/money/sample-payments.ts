import type { Wish } from "../api/wish";
import type { Payment, ServerFrame, Welcome } from "../protocol/generated";
import type { RoomView } from "../room/reducer";
import type { Services } from "../services/services";
import { createEvents, type EventSource } from "../state/events";
import { createStore, type Store } from "../state/store";
import type { InvoiceStatus } from "../telegram/telegram";
import { Payments } from "./payments";

export const WISH: Wish = { kind: "standard", stake: 50 };
/** Payments on services that say what a test tells them, and what was asked of these. */
export interface Scene {
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

export function scene({ balance = 1000, userId = "1" } = {}): Scene {
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
