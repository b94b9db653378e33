/** What is chosen among several must be told from the rest by more than a shade: 3 to 1 in both schemes (WCAG 1.4.11). */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, parse } from "../telegram/contrast";

const SOURCE = new URL("../", import.meta.url);
const CHOSEN =
  /([^{}]*(?:aria-pressed="true"|aria-current="page"|aria-selected="true")[^{}]*){([^}]*)}/g;
/** What a rule may mark the chosen one with, as fill, bar or ring. */
const MARK = /(?:background|inset 0 0 0 2px)[:\s]+var\((--[\w-]+)\)/;

const read = (path: string): string => readFileSync(new URL(path, SOURCE), "utf8");
const base = read("styles/base.css");
const schemes = {
  dark: colours(base.slice(0, base.indexOf("@media"))),
  light: colours(base.slice(base.indexOf('[data-theme="light"]'))),
};

function colours(css: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name, value] of css.matchAll(/(--[\w-]+): (?:var\([^,]+, )?(#[0-9a-f]{3,6})/g)) {
    if (name === undefined || value === undefined || found.has(name)) continue;
    found.set(name, value.length === 4 ? value.replace(/[0-9a-f]/g, "$&$&") : value);
  }
  return found;
}

/** Each rule that paints something chosen: its file and selector, and what it marks it with. */
const rules = globSync("**/*.css", { cwd: SOURCE }).flatMap((path) =>
  Array.from(read(path).matchAll(CHOSEN), ([, selector = "", body = ""]) => ({
    name: `${path}: ${selector.trim()}`,
    path,
    mark: MARK.exec(body)?.[1],
  })),
);

describe("what is chosen", () => {
  it("is painted by several rules", () => {
    expect(rules.length).toBeGreaterThan(4);
  });

  it.each(rules.map(({ path }) => path))("has a mark in %s", (path) => {
    expect(rules.some((rule) => rule.path === path && rule.mark !== undefined)).toBe(true);
  });

  it.each(rules.filter(({ mark }) => mark !== undefined))(
    "$name is told from its ground",
    ({ mark }) => {
      for (const [scheme, known] of Object.entries(schemes)) {
        const marked = parse(known.get(mark ?? "") ?? schemes.dark.get(mark ?? ""));
        expect(marked, `${mark ?? ""} is a colour in ${scheme}`).not.toBeNull();
        for (const ground of ["--bg", "--surface"]) {
          const behind = parse(known.get(ground));
          expect(contrast(marked ?? [0, 0, 0], behind ?? [0, 0, 0])).toBeGreaterThan(3);
        }
      }
    },
  );
});
