/** The leaderboards as last heard: an older one stays while a newer one is on its way, or could not come. */
import { ApiError } from "../api/client";
import type { Leaderboard } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";
import type { Period } from "./leaderboard-api";

export interface LeaderboardState {
  /** Null until the first answer. */
  readonly leaderboard: Leaderboard | null;
  /** Why the latest answer did not come; `message` is the server's, null when it was out of reach. */
  readonly failure: { readonly message: string | null } | null;
}

export type LeaderboardStates = Readonly<Record<Period, LeaderboardState>>;

const UNKNOWN: LeaderboardState = { leaderboard: null, failure: null };

export class Leaderboards {
  private readonly fetch: (period: Period) => Promise<Leaderboard>;
  private readonly store = createStore<LeaderboardStates>({
    today: UNKNOWN,
    week: UNKNOWN,
    all: UNKNOWN,
  });

  constructor(fetch: (period: Period) => Promise<Leaderboard>) {
    this.fetch = fetch;
  }

  get states(): Readable<LeaderboardStates> {
    return this.store;
  }

  async load(period: Period): Promise<void> {
    try {
      this.change(period, { leaderboard: await this.fetch(period), failure: null });
    } catch (error) {
      const message = error instanceof ApiError ? error.message : null;
      this.change(period, { failure: { message } });
    }
  }

  private change(period: Period, changes: Partial<LeaderboardState>): void {
    const states = this.store.get();
    this.store.set({ ...states, [period]: { ...states[period], ...changes } });
  }
}
