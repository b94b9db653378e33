import { describe, expect, it } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import en from "../texts/account.en.json";
import { type Form, problemsOf } from "./problems";

function refused(code: string, more: { details?: object; retryAfterMs?: number } = {}): ApiError {
  const body = { code, message: "The server's own words.", details: { ...more.details } };
  return new ApiError(400, body, more.retryAfterMs ?? null);
}

function invalid(field: string, problem: string): ApiError {
  return refused("invalid_request", { details: { fields: [{ field, problem }] } });
}

describe("what a refusal means", () => {
  it.each<[Form, string | null, string]>([
    ["logIn", null, "wrongLogin"],
    ["link", null, "wrongLogin"],
    ["verify", "password", "notThatPassword"],
    ["change", "old_password", "wrongOldPassword"],
    ["unlinkTelegram", "password", "wrongPassword"],
  ])("a wrong password of %s stands at %s", (form, field, key) => {
    expect(problemsOf(refused("bad_credentials"), form)).toEqual([
      { field, key: `account.problem.${key}` },
    ]);
  });

  it.each<[Form, string]>([
    ["verify", "addressTaken"],
    ["link", "cannotJoin"],
    ["unlinkEmail", "lastMethod"],
    ["unlinkTelegram", "lastMethod"],
    ["change", "noPassword"],
  ])("a conflict of %s has words of its own", (form, key) => {
    expect(problemsOf(refused("conflict"), form)).toEqual([
      { field: null, key: `account.problem.${key}` },
    ]);
  });

  it.each([
    ["email", "is not an e-mail address", "noAddress"],
    ["email", "Expected `str` of length >= 3", "noAddress"],
    ["password", "must have 8 to 128 characters", "length"],
    ["new_password", "is too easy to guess", "common"],
    ["password", "must not hold control characters", "control"],
    ["name", "Expected `str` of length <= 64", "name"],
  ])("%s %s", (field, problem, key) => {
    expect(problemsOf(invalid(field, problem), "register")).toEqual([
      { field, key: `account.problem.${key}` },
    ]);
  });

  it("says something also of what no form has", () => {
    const whole = [{ field: null, key: "account.problem.invalid" }];
    expect(problemsOf(invalid("body", "must hold init_data"), "link")).toEqual(whole);
    expect(problemsOf(refused("invalid_request"), "link")).toEqual(whole);
  });

  it("says how long to wait", () => {
    expect(problemsOf(refused("rate_limited", { retryAfterMs: 30_000 }), "logIn")).toEqual([
      { field: null, key: "account.problem.wait", waitMs: 30_000 },
    ]);
    expect(problemsOf(refused("rate_limited"), "logIn")).toMatchObject([{ waitMs: 1000 }]);
  });

  it("leaves the rest to the server's words", () => {
    expect(problemsOf(refused("banned"), "logIn")).toEqual([
      { field: null, message: "The server's own words." },
    ]);
    expect(problemsOf(new NetworkError("/x"), "logIn")).toEqual([
      { field: null, key: "account.problem.network" },
    ]);
  });

  it.each<[Form, string, string]>([
    ["verify", "not_found", "linkUsed"],
    ["reset", "not_found", "linkUsed"],
    ["register", "forbidden", "noMail"],
    ["unlinkEmail", "forbidden", "otherTelegram"],
    ["unlinkEmail", "init_data_expired", "staleTelegramOrPassword"],
    ["link", "init_data_expired", "staleTelegram"],
    ["unlinkTelegram", "limit_reached", "newWay"],
    ["object", "not_found", "tooLateToObject"],
  ])("%s: %s", (form, code, key) => {
    expect(en.account.problem).toHaveProperty(key);
    expect(problemsOf(refused(code), form)).toEqual([
      { field: null, key: `account.problem.${key}` },
    ]);
  });
});
