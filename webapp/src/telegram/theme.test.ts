import { describe, expect, it } from "vitest";
import { grounded, readColour, readTheme, schemeOf } from "./theme";

describe("a colour of a client", () => {
  it.each([
    // As Java has it: alpha first, and so negative where it is opaque.
    [-15_261_397, "#17212b"],
    [-1, "#ffffff"],
    [-16_777_216, "#000000"],
    [4_279_705_899, "#17212b"],
    [1_515_819, "#17212b"],
    [0, "#000000"],
    ["-15261397", "#17212b"],
    ["4279705899", "#17212b"],
    // As CSS has it, and those who leave something out.
    ["#17212b", "#17212b"],
    ["#17212B", "#17212b"],
    [" #17212b ", "#17212b"],
    ["17212b", "#17212b"],
    ["0xff17212b", "#17212b"],
    ["#fff", "#ffffff"],
    ["#1a2f", "#11aa22"],
    ["#17212bff", "#17212b"],
    ["#ff17212b", "#17212b"],
    ["rgb(23,33,43)", "#17212b"],
    ["rgb(23, 33, 43)", "#17212b"],
    ["rgba(23, 33, 43, 0.5)", "#17212b"],
    ["rgb(23 33 43 / 50%)", "#17212b"],
  ])("is read in the form %j", (value, colour) => {
    expect(readColour(value)).toBe(colour);
  });

  it.each([
    null,
    undefined,
    "",
    "#",
    "red",
    "#12345",
    "rgb(300,0,0)",
    "rgb(1,2)",
    Number.NaN,
    1.5,
    1e12,
    {},
    [],
    true,
  ])("is none in %j", (value) => {
    expect(readColour(value)).toBeNull();
  });
});

describe("a theme", () => {
  it("keeps what can be read beside what cannot", () => {
    const odd = { bg_color: -1, text_color: null, hint_color: "#999", link_color: "?", more: {} };
    expect(readTheme(odd)).toEqual({ bg_color: "#ffffff", hint_color: "#999999" });
    expect(readTheme(JSON.stringify(odd))).toEqual(readTheme(odd));
  });

  it.each([null, undefined, 7, "{", "null", []])("is empty in %j", (values) => {
    expect(readTheme(values)).toEqual({});
  });

  it.each([
    [{ bg_color: "#17212b", text_color: "#000000" }, "dark"],
    [{ secondary_bg_color: "#f1f1f1" }, "light"],
    [{ text_color: "#ffffff" }, "dark"],
    [{ text_color: "#111111" }, "light"],
    [{ link_color: "#111111" }, null],
  ] as const)("of %j is %s", (theme, scheme) => {
    expect(schemeOf(theme)).toBe(scheme);
  });

  it("has the grounds that it will be seen on", () => {
    expect(grounded({ text_color: "#ffffff" })).toMatchObject({ bg_color: "#0b0e14" });
    expect(grounded({ bg_color: "#ffffff" })).toEqual({
      bg_color: "#ffffff",
      secondary_bg_color: "#ffffff",
    });
    expect(grounded({})).toEqual({});
  });
});
