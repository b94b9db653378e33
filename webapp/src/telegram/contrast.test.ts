import { describe, expect, it } from "vitest";
import { contrast, parse, readable } from "./contrast";

const NIGHT = {
  bg_color: "#17212b",
  secondary_bg_color: "#232e3c",
  text_color: "#f5f5f5",
  hint_color: "#708499",
  subtitle_text_color: "#708499",
};
const DAY = {
  bg_color: "#ffffff",
  secondary_bg_color: "#f1f1f1",
  text_color: "#000000",
  hint_color: "#999999",
  subtitle_text_color: "#999999",
};

function between(one: string | undefined, other: string): number {
  return contrast(parse(one) ?? [0, 0, 0], parse(other) ?? [0, 0, 0]);
}

describe("a theme that can be read", () => {
  it("measures as WCAG does", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
    expect(between("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  });

  it.each([NIGHT, DAY])("has second texts of more than AA on both surfaces", (theme) => {
    const changed = readable(theme);
    for (const text of [changed.text_color, changed.hint_color, changed.subtitle_text_color]) {
      expect(between(text, theme.bg_color)).toBeGreaterThan(5);
      expect(between(text, theme.secondary_bg_color)).toBeGreaterThan(5);
    }
    expect(changed.bg_color).toBe(theme.bg_color);
    expect(changed.text_color).toBe(theme.text_color);
  });

  it("leaves what can be read as it is", () => {
    const theme = { ...DAY, hint_color: "#444444", subtitle_text_color: "#333333" };
    expect(readable(theme)).toEqual(theme);
  });

  it("makes even a text of its own ground's colour legible", () => {
    const changed = readable({ bg_color: "#202020", text_color: "#202020" });
    expect(between(changed.text_color, "#202020")).toBeGreaterThan(5);
  });

  it.each([{}, { bg_color: "red" }, { text_color: "#000000" }])("does without %j", (theme) => {
    expect(readable(theme)).toEqual(theme);
  });
});
