/** The endpoints a logged-in player uses.  Owns their paths; renews the token once where it was refused. */
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

export const API = "/api/v1";

export interface Credentials {
  readonly token: () => Promise<string>;
  /** A new token in place of one that the server refused. */
  readonly renew: () => Promise<string>;
  readonly language: () => string;
}

type Call<S extends z.ZodMiniType> = Omit<Request<S>, "token" | "language">;

export class GameApi {
  private readonly credentials: Credentials;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
  }

  me(): Promise<User> {
    return this.authorized({ method: "GET", path: `${API}/me`, answer: userSchema });
  }

  setLanguage(language: User["language"]): Promise<User> {
    return this.authorized({
      method: "PATCH",
      path: `${API}/me`,
      answer: userSchema,
      body: { language },
    });
  }

  async tiers(): Promise<Tier[]> {
    const answer = await this.authorized({
      method: "GET",
      path: `${API}/tiers`,
      answer: tiersSchema,
    });
    return answer.tiers;
  }

  async join(stake: number, idempotencyKey: string): Promise<Room> {
    const answer = await this.authorized({
      method: "POST",
      path: `${API}/rooms/join`,
      answer: roomAnswerSchema,
      body: { stake },
      idempotencyKey,
    });
    return answer.room;
  }

  async room(roomId: string): Promise<Room> {
    const answer = await this.authorized({
      method: "GET",
      path: `${API}/rooms/${roomId}`,
      answer: roomAnswerSchema,
    });
    return answer.room;
  }

  async leave(roomId: string): Promise<number> {
    const answer = await this.authorized({
      method: "POST",
      path: `${API}/rooms/${roomId}/leave`,
      answer: balanceAnswerSchema,
    });
    return answer.balance;
  }

  private async authorized<S extends z.ZodMiniType>(request: Call<S>): Promise<z.output<S>> {
    const language = this.credentials.language();
    const token = await this.credentials.token();
    try {
      return await call({ ...request, token, language });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return call({ ...request, token: await this.credentials.renew(), language });
    }
  }
}
