/**
 * What a logged-in player asks the server: `ask` for any endpoint, and those that the first screens need.
 *
 * Renews the token once where it was refused.  Screens that are loaded later keep their endpoints beside them.
 */
import type * as z from "zod/mini";
import {
  balanceAnswerSchema,
  type Room,
  roomAnswerSchema,
  type Tier,
  tiersSchema,
  type User,
  userSchema,
} from "../protocol/generated";
import { ApiError, call, type Request } from "./client";
import type { Wish } from "./wish";

export const API = "/api/v1";

export interface Credentials {
  readonly token: () => Promise<string>;
  /** A new token in place of one that the server refused. */
  readonly renew: () => Promise<string>;
  readonly language: () => string;
}

export type Call<S extends z.ZodMiniType> = Omit<Request<S>, "token" | "language">;

export type Ask = <S extends z.ZodMiniType>(request: Call<S>) => Promise<z.output<S>>;

export class GameApi {
  private readonly credentials: Credentials;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
  }

  /** Bound, so that it can be handed on. */
  readonly ask: Ask = async (request) => {
    const language = this.credentials.language();
    const token = await this.credentials.token();
    try {
      return await call({ ...request, token, language });
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      return call({ ...request, token: await this.credentials.renew(), language });
    }
  };

  me(): Promise<User> {
    return this.ask({ method: "GET", path: `${API}/me`, answer: userSchema });
  }

  setLanguage(language: User["language"]): Promise<User> {
    return this.ask({
      method: "PATCH",
      path: `${API}/me`,
      answer: userSchema,
      body: { language },
    });
  }

  async tiers(): Promise<Tier[]> {
    const answer = await this.ask({
      method: "GET",
      path: `${API}/tiers`,
      answer: tiersSchema,
    });
    return answer.tiers;
  }

  async join(wish: Wish, idempotencyKey: string): Promise<Room> {
    const answer = await this.ask({
      method: "POST",
      answer: roomAnswerSchema,
      idempotencyKey,
      ...seatRequest(wish),
    });
    return answer.room;
  }

  async room(roomId: string): Promise<Room> {
    const answer = await this.ask({
      method: "GET",
      path: `${API}/rooms/${roomId}`,
      answer: roomAnswerSchema,
    });
    return answer.room;
  }

  async leave(roomId: string): Promise<number> {
    const answer = await this.ask({
      method: "POST",
      path: `${API}/rooms/${roomId}/leave`,
      answer: balanceAnswerSchema,
    });
    return answer.balance;
  }
}

/** A wrong password is answered with the same status, and no new token makes it right. */
export function isTokenRefused(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.code === "unauthorized" || error.code === "token_expired")
  );
}

function seatRequest(wish: Wish): { path: string; body: object } {
  switch (wish.kind) {
    case "standard":
      return { path: `${API}/rooms/join`, body: { stake: wish.stake } };
    case "key":
      return { path: `${API}/rooms/join-by-key`, body: { key: wish.key } };
    case "make":
      return { path: `${API}/rooms`, body: { fee: wish.fee } };
  }
}
