import { describe, expect, it } from "vitest";
import { readMailed } from "./mailed";

const TOKEN = "0123456789abcdef".repeat(4);

describe("the link of a mail", () => {
  it.each(["verify", "reset"] as const)("says %s and its token", (purpose) => {
    expect(readMailed(`#${purpose}=${TOKEN}`)).toEqual({ purpose, token: TOKEN });
  });

  it.each([
    "",
    "#",
    "#verify=",
    "#verify",
    `#open=${TOKEN}`,
    `verify=${TOKEN}`,
    `#verify=${TOKEN} x`,
    `#verify=${"a".repeat(129)}`,
    `#tgWebAppData=verify%3D${TOKEN}`,
  ])("is not %s", (hash) => {
    expect(readMailed(hash)).toBeNull();
  });
});
