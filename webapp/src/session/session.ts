/**
 * Who plays: logging in, keeping the token alive, and what to show while nobody is in.
 *
 * The token lives in memory and in sessionStorage (so that a reload stays in), never in localStorage.
 */
import * as z from "zod/mini";
import { ApiError, call, NetworkError } from "../api/client";
import { API } from "../api/game-api";
import {
  type DemoInitData,
  demoInitDataSchema,
  type DemoPlayer,
  demoPlayersSchema,
  type DemoLogin,
  type Session as SessionAnswer,
  sessionSchema,
  type User,
  userSchema,
} from "../protocol/generated";
import { forget, recall, remember } from "../state/storage";
import { createStore, type Readable } from "../state/store";

export type SessionState =
  | { readonly name: "starting"; readonly isUnreachable: boolean }
  /** Development, outside Telegram: somebody has to be chosen. */
  | { readonly name: "choosing"; readonly players: readonly DemoPlayer[] }
  /** Outside Telegram, where one comes in by e-mail, or not at all. */
  | { readonly name: "outside"; readonly hasEnded: boolean }
  /** `reason`: an operator's own words, where there are any. */
  | {
      readonly name: "refused";
      readonly code: string;
      readonly message: string;
      readonly reason: string | null;
    }
  | { readonly name: "in"; readonly user: User; readonly method: LoginMethod };

const loginMethodSchema = z.discriminatedUnion("name", [
  z.object({ name: z.literal("telegram") }),
  /** A demo player's Telegram id, in development. */
  z.object({ name: z.literal("demo"), telegramId: z.int() }),
  z.object({ name: z.literal("email") }),
]);
/** How one came in, and so whether one can come in again without being asked. */
export type LoginMethod = z.infer<typeof loginMethodSchema>;

const TELEGRAM: LoginMethod = { name: "telegram" };
const EMAIL: LoginMethod = { name: "email" };

const storedSchema = z.object({
  token: z.string(),
  expiresAtMs: z.number(),
  /** The launch data's own hash: another launch means another log-in. */
  launch: z.nullable(z.string()),
  method: loginMethodSchema,
});
type Stored = z.infer<typeof storedSchema>;

const KEY = "session";
const RETRY_MS = 2000;
/** A token is renewed with this much of it left. */
const RENEW_BEFORE_MS = 30_000;
const RENEW_AT_MOST_EVERY_MS = 60_000;
/** Who came by e-mail cannot come in again unasked: such a token is renewed ahead of time, at least this often. */
const KEEP_ALIVE_MS = 20 * 60_000;

export class Session {
  private readonly initData: string | null;
  private readonly language: () => string;
  private readonly store = createStore<SessionState>({ name: "starting", isUnreachable: false });
  private stored: Stored | null = null;
  /** Who was in last, in this page: the token may have ended since. */
  private lastUserId: string | null = null;
  private renewal: Promise<string> | null = null;
  private renewedAt = Number.NEGATIVE_INFINITY;
  private keepAliveTimer: number | undefined;

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

  /** Logs in by whatever method there is, trying again while the server is out of reach. */
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
      this.accept(answer, { name: "demo", telegramId: Number(answer.user.telegram_id) });
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Development: rather by e-mail than as a demo player. */
  stayOutside(): void {
    this.store.set({ name: "outside", hasEnded: false });
  }

  /** A log-in by e-mail was right, or a link of a mail. */
  enterByEmail(answer: SessionAnswer): void {
    this.keep(answer, EMAIL);
    this.show(answer.user);
  }

  /**
   * Does what ends every session of before and may bring a new one: whoever needs a token meanwhile waits for that.
   * `method`: how one is in from then on, where that changes.
   */
  async replace<T>(
    change: (token: string) => Promise<T>,
    sessionOf: (answer: T) => SessionAnswer | null,
    method?: LoginMethod,
  ): Promise<T> {
    const before = await this.token();
    const work = change(before).then((answer) => {
      const session = sessionOf(answer);
      if (session) this.keep(session, method ?? this.stored?.method ?? TELEGRAM);
      return { answer, session };
    });
    this.renewal = work
      .then(
        ({ session }) => session?.token ?? before,
        () => before,
      )
      .finally(() => {
        this.renewal = null;
      });
    const { answer, session } = await work;
    if (session) this.show(session.user);
    return answer;
  }

  logOut(): void {
    this.stored = null;
    forget(KEY);
    // Whoever comes in next begins at Home.
    window.history.replaceState(null, "");
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

  /** Proves to the server that one has the Telegram account; null: there is none here. */
  async ownInitData(): Promise<string | null> {
    const method = this.stored?.method;
    if (method?.name !== "demo") return this.initData;
    return (await this.demoInitData({ telegram_id: method.telegramId })).init_data;
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
    const reason = isKnown ? error.details.reason : null;
    this.store.set({
      name: "refused",
      code: isKnown ? error.code : "internal",
      message: isKnown ? error.message : "",
      reason: typeof reason === "string" ? reason : null,
    });
  }

  private async begin(): Promise<void> {
    const stored = recall(KEY, storedSchema);
    if (stored?.launch === this.launch()) {
      this.stored = stored;
      this.keepAlive();
      try {
        this.enter(await this.fetchUser(await this.token()));
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
      }
    }
    if (this.initData !== null) this.accept(await this.logIn(this.initData), TELEGRAM);
    else if (stored?.method.name === "email") this.end();
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
      this.store.set({ name: "outside", hasEnded: false });
    }
  }

  private async fetchToken(): Promise<string> {
    const { stored } = this;
    if (!stored) throw new NetworkError("nobody is logged in");
    try {
      return this.keep(await this.refresh(stored.token), stored.method);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) {
        if (!this.isPassing(error)) this.refuse(error);
        throw error;
      }
      if (stored.method.name === "email") {
        this.end();
        throw error;
      }
    }
    try {
      const answer =
        stored.method.name === "demo"
          ? await this.logInAs({
              telegram_id: stored.method.telegramId,
              first_name: this.user?.name ?? "Demo",
            })
          : await this.logIn(this.initData ?? "");
      return this.keep(answer, stored.method);
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
    const { init_data } = await this.demoInitData(demo);
    return this.logIn(init_data);
  }

  private demoInitData(demo: DemoLogin): Promise<DemoInitData> {
    return call({
      method: "POST",
      path: "/dev/init-data",
      answer: demoInitDataSchema,
      body: demo,
      language: this.language(),
    });
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

  private accept(answer: SessionAnswer, method: LoginMethod): void {
    this.keep(answer, method);
    this.enter(answer.user);
  }

  private keep(answer: SessionAnswer, method: LoginMethod): string {
    this.stored = {
      token: answer.token,
      expiresAtMs: answer.expires_at_ms,
      launch: this.launch(),
      method,
    };
    this.renewedAt = performance.now();
    remember(KEY, this.stored);
    this.keepAlive();
    return answer.token;
  }

  private keepAlive(): void {
    window.clearTimeout(this.keepAliveTimer);
    if (this.stored?.method.name !== "email") return;
    // Half of what is left, as far as this machine's clock can be believed.
    const ms = Math.max((this.stored.expiresAtMs - Date.now()) / 2, RENEW_AT_MOST_EVERY_MS);
    this.keepAliveTimer = window.setTimeout(
      () => {
        // Out of reach: whoever needs the token next tries again.
        this.renew().catch(() => undefined);
      },
      Math.min(ms, KEEP_ALIVE_MS),
    );
  }

  /** The token is over, and nothing here can bring another. */
  private end(): void {
    this.stored = null;
    window.clearTimeout(this.keepAliveTimer);
    forget(KEY);
    this.store.set({ name: "outside", hasEnded: true });
  }

  /** Who is in now; of somebody else, who was in before, nothing may stay. */
  private show(user: User): void {
    if (this.lastUserId !== null && this.lastUserId !== user.user_id) window.location.reload();
    else this.enter(user);
  }

  private enter(user: User): void {
    this.lastUserId = user.user_id;
    this.store.set({ name: "in", user, method: this.stored?.method ?? TELEGRAM });
  }

  private launch(): string | null {
    return this.initData === null ? null : new URLSearchParams(this.initData).get("hash");
  }

  /** Whether trying again later may help. */
  private isPassing(error: unknown): boolean {
    return error instanceof ApiError ? error.status >= 500 || error.status === 429 : true;
  }
}
