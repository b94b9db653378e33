/**
 * Who plays: logging in, keeping the token alive, and what to show while nobody is in.
 *
 * The token lives in memory and in sessionStorage (so that a reload stays in), never in localStorage.
 */
import * as z from "zod/mini";
import { createStore, type Readable } from "../state/store";
import { API } from "../api/game-api";
import { ApiError, call, NetworkError } from "../api/client";
import {
  demoInitDataSchema,
  type DemoPlayer,
  demoPlayersSchema,
  type DemoLogin,
  type Session as SessionAnswer,
  sessionSchema,
  type User,
  userSchema,
} from "../protocol/generated";
import { forget, recall, remember } from "./storage";

export type SessionState =
  | { readonly name: "starting"; readonly isUnreachable: boolean }
  /** Development, outside Telegram: somebody has to be chosen. */
  | { readonly name: "choosing"; readonly players: readonly DemoPlayer[] }
  /** Outside Telegram, where nobody can be. */
  | { readonly name: "outside" }
  | { readonly name: "refused"; readonly code: string; readonly message: string }
  | { readonly name: "in"; readonly user: User; readonly isDemo: boolean };

const storedSchema = z.object({
  token: z.string(),
  expiresAtMs: z.number(),
  /** The launch data's own hash: another launch means another log-in. */
  launch: z.nullable(z.string()),
  /** The demo player's Telegram id, in development. */
  demoId: z.nullable(z.int()),
});
type Stored = z.infer<typeof storedSchema>;

const KEY = "session";
const RETRY_MS = 2000;
/** A token is renewed with this much of it left. */
const RENEW_BEFORE_MS = 30_000;
const RENEW_AT_MOST_EVERY_MS = 60_000;

export class Session {
  private readonly initData: string | null;
  private readonly language: () => string;
  private readonly store = createStore<SessionState>({ name: "starting", isUnreachable: false });
  private stored: Stored | null = null;
  private renewal: Promise<string> | null = null;
  private renewedAt = Number.NEGATIVE_INFINITY;

  constructor(initData: string | null, language: () => string) {
    this.initData = initData;
    this.language = language;
  }

  get state(): Readable<SessionState> {
    return this.store;
  }

  get user(): User | null {
    const state = this.store.get();
    return state.name === "in" ? state.user : null;
  }

  /** Logs in by whatever way there is, trying again while the server is out of reach. */
  async start(): Promise<void> {
    try {
      await this.begin();
    } catch (error) {
      if (!this.isPassing(error)) {
        this.refuse(error);
        return;
      }
      this.store.set({ name: "starting", isUnreachable: true });
      window.setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  /** Development: become one of the demo players, or a new one. */
  async choose(demo: DemoLogin): Promise<void> {
    try {
      const answer = await this.logInAs(demo);
      this.accept(answer, Number(answer.user.telegram_id));
    } catch (error) {
      this.refuse(error);
    }
  }

  logOut(): void {
    this.stored = null;
    forget(KEY);
    window.location.reload();
  }

  async token(): Promise<string> {
    if (!this.stored) throw new NetworkError("nobody is logged in");
    const isFresh = this.stored.expiresAtMs - Date.now() > RENEW_BEFORE_MS;
    // This machine's clock may be wrong by hours: then the server is asked now and then, not on every call.
    const isJustRenewed = performance.now() - this.renewedAt < RENEW_AT_MOST_EVERY_MS;
    return isFresh || isJustRenewed ? this.stored.token : this.renew();
  }

  renew(): Promise<string> {
    this.renewal ??= this.fetchToken().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  setUser(user: User): void {
    const state = this.store.get();
    if (state.name === "in") this.store.set({ ...state, user });
  }

  setBalance(balance: number): void {
    if (this.user) this.setUser({ ...this.user, balance });
  }

  /** The server will not have this account any more. */
  refuse(error: unknown): void {
    const isKnown = error instanceof ApiError;
    this.store.set({
      name: "refused",
      code: isKnown ? error.code : "internal",
      message: isKnown ? error.message : "",
    });
  }

  private async begin(): Promise<void> {
    const stored = recall(KEY, storedSchema);
    if (stored?.launch === this.launch()) {
      this.stored = stored;
      try {
        this.enter(await this.fetchUser(await this.token()));
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
      }
    }
    if (this.initData !== null) this.accept(await this.logIn(this.initData), null);
    else await this.offerDemoPlayers();
  }

  private async offerDemoPlayers(): Promise<void> {
    try {
      const { players } = await call({
        method: "GET",
        path: "/dev/players",
        answer: demoPlayersSchema,
        language: this.language(),
      });
      this.store.set({ name: "choosing", players });
    } catch (error) {
      // Where the page is served from elsewhere, anything but a list of players may answer here.
      if (error instanceof NetworkError && !error.wasAnswered) throw error;
      this.store.set({ name: "outside" });
    }
  }

  private async fetchToken(): Promise<string> {
    const { stored } = this;
    if (!stored) throw new NetworkError("nobody is logged in");
    try {
      return this.keep(await this.refresh(stored.token), stored.demoId);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    try {
      const answer =
        stored.demoId === null
          ? await this.logIn(this.initData ?? "")
          : await this.logInAs({
              telegram_id: stored.demoId,
              first_name: this.user?.name ?? "Demo",
            });
      return this.keep(answer, stored.demoId);
    } catch (error) {
      if (!this.isPassing(error)) this.refuse(error);
      throw error;
    }
  }

  private refresh(token: string): Promise<SessionAnswer> {
    return call({
      method: "POST",
      path: `${API}/auth/refresh`,
      answer: sessionSchema,
      token,
      language: this.language(),
    });
  }

  private logIn(initData: string): Promise<SessionAnswer> {
    return call({
      method: "POST",
      path: `${API}/auth/telegram`,
      answer: sessionSchema,
      body: { init_data: initData },
      language: this.language(),
    });
  }

  private async logInAs(demo: DemoLogin): Promise<SessionAnswer> {
    const { init_data } = await call({
      method: "POST",
      path: "/dev/init-data",
      answer: demoInitDataSchema,
      body: demo,
      language: this.language(),
    });
    return this.logIn(init_data);
  }

  private fetchUser(token: string): Promise<User> {
    return call({
      method: "GET",
      path: `${API}/me`,
      answer: userSchema,
      token,
      language: this.language(),
    });
  }

  private accept(answer: SessionAnswer, demoId: number | null): void {
    this.keep(answer, demoId);
    this.enter(answer.user);
  }

  private keep(answer: SessionAnswer, demoId: number | null): string {
    this.stored = {
      token: answer.token,
      expiresAtMs: answer.expires_at_ms,
      launch: this.launch(),
      demoId,
    };
    this.renewedAt = performance.now();
    remember(KEY, this.stored);
    return answer.token;
  }

  private enter(user: User): void {
    this.store.set({ name: "in", user, isDemo: typeof this.stored?.demoId === "number" });
  }

  private launch(): string | null {
    return this.initData === null ? null : new URLSearchParams(this.initData).get("hash");
  }

  /** Whether trying again later may help. */
  private isPassing(error: unknown): boolean {
    return error instanceof ApiError ? error.status >= 500 || error.status === 429 : true;
  }
}
