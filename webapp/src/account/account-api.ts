/** The endpoints of accounts by e-mail.  Owns their paths; what their refusals mean is in `problems.ts`. */
import type * as z from "zod/mini";
import { call } from "../api/client";
import { API } from "../api/game-api";
import {
  acceptedSchema,
  type EmailLogin,
  type Forgotten,
  type Link,
  linkedSchema,
  type PasswordChange,
  type Registration,
  type Reset,
  sessionSchema,
  undoneSchema,
  type Unlink,
  type Verification,
} from "../protocol/generated";
import type { Session } from "../session/session";
import { currentLanguage } from "../texts/texts";

function post<S extends z.ZodMiniType>(
  path: string,
  answer: S,
  body: object,
  token?: string,
): Promise<z.output<S>> {
  const language = currentLanguage();
  const request = { method: "POST", path: `${API}/auth/${path}`, answer, body, language } as const;
  return call(token === undefined ? request : { ...request, token });
}

/** A mail goes out, whether or not the address has an account. */
export async function register(body: Registration): Promise<void> {
  await post("register", acceptedSchema, body);
}

export async function askForNewPassword(body: Forgotten): Promise<void> {
  await post("password/forgot", acceptedSchema, body);
}

export async function logIn(session: Session, body: EmailLogin): Promise<void> {
  session.enterByEmail(await post("login", sessionSchema, body));
}

export async function verify(session: Session, body: Verification): Promise<void> {
  session.enterByEmail(await post("verify", sessionSchema, body));
}

export async function resetPassword(session: Session, body: Reset): Promise<void> {
  session.enterByEmail(await post("password/reset", sessionSchema, body));
}

/** A way in that was linked or unlinked by somebody else comes back, or goes again. */
export async function takeBack(token: string): Promise<void> {
  await post("object", undoneSchema, { token });
}

export async function changePassword(session: Session, body: PasswordChange): Promise<void> {
  await session.replace(
    (token) => post("password/change", sessionSchema, body, token),
    (answer) => answer,
  );
}

/** True: done.  False: a mail is on its way.  Telegram's own launch data proves who asks. */
export async function linkEmail(
  session: Session,
  login: Required<Pick<Link, "email" | "password">>,
): Promise<boolean> {
  const body: Link = { ...login, own_init_data: await session.ownInitData() };
  const answer = await session.replace(
    (token) => post("link", linkedSchema, body, token),
    (linked) => linked.session,
  );
  return answer.status === "linked";
}

/** Proved by the password, or without it by Telegram's own launch data. */
export async function unlinkEmail(session: Session, password: string | null): Promise<void> {
  const proof = password === null ? { init_data: await session.ownInitData() } : { password };
  const body: Unlink = { way: "email", ...proof };
  await session.replace(
    (token) => post("unlink", sessionSchema, body, token),
    (answer) => answer,
  );
}

/** From here on one is in by e-mail, wherever one came from. */
export async function unlinkTelegram(session: Session, password: string): Promise<void> {
  const body: Unlink = { way: "telegram", password };
  await session.replace(
    (token) => post("unlink", sessionSchema, body, token),
    (answer) => answer,
    { name: "email" },
  );
}
