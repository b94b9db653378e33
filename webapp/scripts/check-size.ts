/** Holds what a first visit has to load under its limit: every script and style that the page itself names. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 130;

const dist = new URL("../dist/", import.meta.url);
const page = readFileSync(new URL("index.html", dist), "utf8");
const names = Array.from(
  page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g),
  ([, name]) => name ?? "",
);
const bytes = names.reduce(
  (sum, name) => sum + gzipSync(readFileSync(new URL(name, dist))).length,
  0,
);
const said = `first load: ${(bytes / 1000).toFixed(1)} kB gzipped, of at most ${LIMIT_KB}`;
if (names.length === 0 || bytes > LIMIT_KB * 1000) {
  console.error(said);
  process.exit(1);
}
console.log(said);
