/** A text that is dimmed cannot be read: only what cannot be pressed may be, for nothing else says so at a glance (WCAG 1.4.3). */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const SOURCE = new URL("../", import.meta.url);
/** A motion is over before anybody reads. */
const MOTIONS = /@keyframes[^{]*{(?:[^{}]*{[^{}]*})*[^{}]*}/g;
const DIMMED = /([^{}]*){[^{}]*\bopacity: 0?\.\d+[^{}]*}/g;
const MAY_BE = /\[aria-disabled="true"\]|::placeholder/;

function dimmedIn(css: string): string[] {
  const rules = Array.from(
    css.replaceAll(MOTIONS, "").matchAll(DIMMED),
    ([, selector = ""]) => selector,
  );
  const bare = rules.map((selector) => selector.replaceAll(/\/\*.*?\*\//gs, "").trim());
  return bare.filter((selector) => !selector.split(",").every((each) => MAY_BE.test(each)));
}

describe("a dimmed text", () => {
  it.each([
    [".stale li:not([data-own]) { opacity: 0.4; }", 1],
    [".card { color: red; opacity: .55; }", 1],
    ['.a[aria-disabled="true"], .b { opacity: 0.5; }', 1],
    ['.a[aria-disabled="true"] > span { opacity: 0.5; }', 0],
    [".glow { opacity: 0; } .shown { opacity: 1; }", 0],
    ["@keyframes pulse { from { opacity: 0.5; } to { opacity: 1; } } .a { color: red; }", 0],
  ])("is found: %s", (css, count) => {
    expect(dimmedIn(css)).toHaveLength(count);
  });

  it.each(globSync("**/*.css", { cwd: SOURCE }))("is nowhere in %s", (path) => {
    expect(dimmedIn(readFileSync(new URL(path, SOURCE), "utf8"))).toEqual([]);
  });
});
