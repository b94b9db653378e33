import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session as SessionAnswer, User } from "../protocol/generated";
import { sampleStorage } from "../state/sample-storage";
import { Session } from "./session";

const HOUR_MS = 3_600_000;

let kept: Map<string, string>;
let reload: ReturnType<typeof vi.fn>;
let answers: Map<string, () => Promise<Response>>;
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  kept = new Map();
  reload = vi.fn();
  answers = new Map();
  asked = [];
  vi.stubGlobal("window", {
    setTimeout,
    clearTimeout,
    location: { reload },
    history: { replaceState: vi.fn() },
  });
  vi.stubGlobal("sessionStorage", sampleStorage(kept));
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    const token = new Headers(init.headers).get("Authorization")?.slice("Bearer ".length);
    asked.push(token === undefined ? path : `${path} ${token}`);
    const answer = answers.get(path);
    if (!answer) throw new Error(`nobody answers ${path}`);
    return answer();
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function user(id: string): User {
  return {
    user_id: id,
    telegram_id: null,
    name: "Anna",
    username: null,
    photo_url: null,
    language: "en",
    email: "anna@example.com",
    role: "user",
    balance: 0,
    coins: 0,
    has_ton_wallet: false,
    wallet: null,
    room_id: null,
    bonus: null,
    stats: { games: 0, wins: 0, won: 0, best_rate: 0 },
  };
}

function session(token: string, id = "7"): SessionAnswer {
  return { token, expires_at_ms: Date.now() + HOUR_MS, user: user(id) };
}

function answer(path: string, body: object, status = 200): void {
  answers.set(path, () => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

function inByEmail(): Session {
  const made = new Session(null, () => "en");
  made.enterByEmail(session("first"));
  return made;
}

const REFUSED = { code: "token_expired", message: "Your session has ended." };

describe("a session by e-mail", () => {
  it("survives a reload", async () => {
    inByEmail();
    answer("/api/v1/me", user("7"));
    const again = new Session(null, () => "en");
    await again.start();
    expect(again.state.get()).toMatchObject({ name: "in", method: { name: "email" } });
    expect(asked).toEqual(["/api/v1/me first"]);
  });

  it("is renewed ahead of time, whether or not anything is asked", async () => {
    const made = inByEmail();
    answer("/api/v1/auth/refresh", session("second"));
    await vi.advanceTimersByTimeAsync(HOUR_MS / 2);
    expect(asked).toEqual(["/api/v1/auth/refresh first"]);
    expect(await made.token()).toBe("second");
  });

  it("ends where the server says so, and says that it did", async () => {
    const made = inByEmail();
    answer("/api/v1/auth/refresh", REFUSED, 401);
    await expect(made.renew()).rejects.toThrow();
    expect(made.state.get()).toEqual({ name: "outside", hasEnded: true });
    expect(kept.size).toBe(0);
    await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
    expect(asked).toHaveLength(1);
  });

  it("ends where the account was banned meanwhile, and says why", async () => {
    const made = inByEmail();
    const details = { reason: "Not by hand." };
    answer("/api/v1/auth/refresh", { code: "banned", message: "Blocked.", details }, 403);
    await expect(made.renew()).rejects.toThrow();
    expect(made.state.get()).toMatchObject({
      name: "refused",
      code: "banned",
      reason: "Not by hand.",
    });
  });

  it("does not end because the server is out of reach", async () => {
    const made = inByEmail();
    await expect(made.renew()).rejects.toThrow();
    expect(made.state.get().name).toBe("in");
    expect(await made.token()).toBe("first");
  });

  it("ends by logging out", () => {
    inByEmail().logOut();
    expect(kept.size).toBe(0);
    expect(reload).toHaveBeenCalledOnce();
  });

  it("leaves nothing of who was in before", () => {
    const made = inByEmail();
    made.enterByEmail(session("other", "8"));
    expect(reload).toHaveBeenCalledOnce();
    expect(made.user?.user_id).toBe("7");
  });

  it("leaves nothing of who was in before its end either", async () => {
    const made = inByEmail();
    answer("/api/v1/auth/refresh", REFUSED, 401);
    await expect(made.renew()).rejects.toThrow();
    made.enterByEmail(session("other", "8"));
    expect(reload).toHaveBeenCalledOnce();
    expect(made.user).toBeNull();
  });
});

describe("what ends every session of before", () => {
  it("makes who needs a token meanwhile wait for the new one", async () => {
    const made = inByEmail();
    let finish: (changed: SessionAnswer) => void = () => undefined;
    const changing = made.replace(
      (token) => {
        expect(token).toBe("first");
        return new Promise<SessionAnswer>((resolve) => {
          finish = resolve;
        });
      },
      (changed) => changed,
    );
    await vi.advanceTimersByTimeAsync(0);
    const renewal = made.renew();
    finish(session("changed"));
    await changing;
    expect(await renewal).toBe("changed");
    expect(await made.token()).toBe("changed");
    expect(asked).toEqual([]);
  });

  it("leaves the token as it was where it fails", async () => {
    const made = inByEmail();
    const changing = made.replace(
      () => Promise.reject(new Error("a wrong password")),
      () => null,
    );
    await expect(changing).rejects.toThrow("a wrong password");
    expect(await made.token()).toBe("first");
    expect(made.state.get().name).toBe("in");
  });

  it("may change how one is in", async () => {
    const made = inByEmail();
    await made.replace(
      () => Promise.resolve(session("changed")),
      (changed) => changed,
      { name: "telegram" },
    );
    expect(made.state.get()).toMatchObject({ method: { name: "telegram" } });
  });
});
