/** The boards as last heard: an older one stays while a newer one is on its way, or could not come. */
import { ApiError } from "../api/client";
import type { Leaderboard } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";
import type { Period } from "./leaderboard-api";

export interface BoardState {
  /** Null until the first answer. */
  readonly board: Leaderboard | null;
  /** Why the latest answer did not come; `message` is the server's, null when it was out of reach. */
  readonly failure: { readonly message: string | null } | null;
}

export type BoardStates = Readonly<Record<Period, BoardState>>;

const UNKNOWN: BoardState = { board: null, failure: null };

export class Boards {
  private readonly fetch: (period: Period) => Promise<Leaderboard>;
  private readonly store = createStore<BoardStates>({
    today: UNKNOWN,
    week: UNKNOWN,
    all: UNKNOWN,
  });

  constructor(fetch: (period: Period) => Promise<Leaderboard>) {
    this.fetch = fetch;
  }

  get states(): Readable<BoardStates> {
    return this.store;
  }

  async load(period: Period): Promise<void> {
    try {
      this.change(period, { board: await this.fetch(period), failure: null });
    } catch (error) {
      const message = error instanceof ApiError ? error.message : null;
      this.change(period, { failure: { message } });
    }
  }

  private change(period: Period, changes: Partial<BoardState>): void {
    const states = this.store.get();
    this.store.set({ ...states, [period]: { ...states[period], ...changes } });
  }
}
