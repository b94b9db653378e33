/**
 * Holds what a first visit has to load before Home can be used under its limit: the page's own script and all that it
 * imports; Home waits for nothing else.  Styles are counted apart and have no limit.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 130;

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const webapp = new URL("../", import.meta.url);
const manifest = JSON.parse(
  readFileSync(new URL("private/manifest.json", webapp), "utf8"),
) as Record<string, Chunk>;

const scripts = new Set<string>();
const styles = new Set<string>();

function load(name: string): void {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the build has no ${name}`);
  if (scripts.has(chunk.file)) return;
  scripts.add(chunk.file);
  for (const style of chunk.css ?? []) styles.add(style);
  for (const imported of chunk.imports ?? []) load(imported);
}

function kilobytes(files: Iterable<string>): number {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(readFileSync(new URL(`dist/${file}`, webapp))).length;
  return bytes / 1000;
}

for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry) load(name);

const js = kilobytes(scripts);
const said = [
  `before Home: JavaScript ${js.toFixed(1)} kB gzipped, of at most ${LIMIT_KB};`,
  `CSS ${kilobytes(styles).toFixed(1)} kB`,
].join(" ");
if (scripts.size === 0 || js > LIMIT_KB) {
  console.error(said);
  process.exit(1);
}
console.log(said);
