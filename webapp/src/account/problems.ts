/**
 * What a refusal means for the one who filled in a form: words, and the field they belong to.
 *
 * Pure.  The same code means another thing at each endpoint, so each form says which one it is.
 */
import { ApiError } from "../api/client";
import type account from "../texts/account.en.json";

export type ProblemKey = `account.problem.${keyof typeof account.account.problem}`;
export type Form =
  | "logIn"
  | "register"
  | "verify"
  | "forgot"
  | "reset"
  | "change"
  | "link"
  | "unlinkEmail"
  | "unlinkTelegram"
  | "object";
export type FieldName = "email" | "password" | "new_password" | "old_password" | "name";

export type Problem =
  /** `field`: under which it stands; null: under the form. */
  | { readonly field: FieldName | null; readonly key: ProblemKey }
  | { readonly field: null; readonly key: "account.problem.wait"; readonly waitMs: number }
  /** The server's own words, in the player's language. */
  | { readonly field: null; readonly message: string };

const FIELDS: readonly string[] = ["email", "password", "new_password", "old_password", "name"];
const LEAST_WAIT_MS = 1000;

export function problemsOf(error: unknown, form: Form): readonly Problem[] {
  if (!(error instanceof ApiError)) return [{ field: null, key: "account.problem.network" }];
  switch (error.code) {
    case "invalid_request":
      return fieldProblems(error.details.fields);
    case "rate_limited":
      return [
        {
          field: null,
          key: "account.problem.wait",
          waitMs: error.retryAfterMs ?? LEAST_WAIT_MS,
        },
      ];
    case "bad_credentials":
      return [wrongPassword(form)];
    case "not_found":
      if (form === "verify" || form === "reset") return whole("account.problem.linkUsed");
      if (form === "object") return whole("account.problem.tooLateToObject");
      break;
    case "limit_reached":
      return whole("account.problem.newWay");
    case "conflict":
      return whole(conflict(form));
    case "forbidden":
      if (form === "unlinkEmail") return whole("account.problem.otherTelegram");
      return whole("account.problem.noMail");
    case "init_data_expired":
    case "init_data_invalid":
      return whole(
        form === "unlinkEmail"
          ? "account.problem.staleTelegramOrPassword"
          : "account.problem.staleTelegram",
      );
    default:
      break;
  }
  return [{ field: null, message: error.message }];
}

function whole(key: ProblemKey): readonly Problem[] {
  return [{ field: null, key }];
}

function wrongPassword(form: Form): Problem {
  switch (form) {
    case "verify":
      return { field: "password", key: "account.problem.notThatPassword" };
    case "change":
      return { field: "old_password", key: "account.problem.wrongOldPassword" };
    case "unlinkEmail":
    case "unlinkTelegram":
      return { field: "password", key: "account.problem.wrongPassword" };
    default:
      return { field: null, key: "account.problem.wrongLogin" };
  }
}

function conflict(form: Form): ProblemKey {
  switch (form) {
    case "verify":
      return "account.problem.addressTaken";
    case "link":
      return "account.problem.cannotJoin";
    case "unlinkEmail":
    case "unlinkTelegram":
      return "account.problem.lastMethod";
    case "object":
      return "account.problem.usedSince";
    default:
      return "account.problem.noPassword";
  }
}

function fieldProblems(fields: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  for (const each of Array.isArray(fields) ? (fields as unknown[]) : []) {
    const { field, problem } = each as { field?: unknown; problem?: unknown };
    if (typeof field !== "string" || !FIELDS.includes(field)) continue;
    problems.push({ field: field as FieldName, key: rule(field, String(problem)) });
  }
  return problems.length > 0 ? problems : whole("account.problem.invalid");
}

/** The rule that the server names, in our words. */
function rule(field: string, problem: string): ProblemKey {
  if (field === "email") return "account.problem.noAddress";
  if (field === "name") return "account.problem.name";
  if (problem.includes("easy to guess")) return "account.problem.common";
  if (problem.includes("control characters")) return "account.problem.control";
  return "account.problem.length";
}
