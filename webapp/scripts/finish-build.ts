/**
 * Makes of Vite's output what may be published, in `dist/`, and what may not, in `private/`: source maps and Vite's
 * manifest.  Adds the icon that TON wallets insist on and, with PUBLIC_URL, their manifest, for where no gateway serves
 * the page.  Fails where a map or a word of one would be published.
 */
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const webapp = fileURLToPath(new URL("..", import.meta.url));
const dist = join(webapp, "dist");
const hidden = join(webapp, "private");

rmSync(hidden, { recursive: true, force: true });
for (const name of ["manifest.json", ...globSync("**/*.map", { cwd: dist })]) {
  mkdirSync(dirname(join(hidden, name)), { recursive: true });
  renameSync(join(dist, name), join(hidden, name));
}

copyFileSync(join(webapp, "../gateway/icon.png"), join(dist, "icon.png"));
const home = process.env.PUBLIC_URL?.replace(/\/+$/, "");
if (home) {
  const manifest = { url: home, name: "Chance Tap", iconUrl: `${home}/icon.png` };
  writeFileSync(join(dist, "tonconnect-manifest.json"), JSON.stringify(manifest));
}

const telling = globSync("**/*.{js,css,html}", { cwd: dist }).filter((name) =>
  readFileSync(join(dist, name), "utf8").includes("sourceMappingURL"),
);
const maps = globSync("**/*.map", { cwd: dist });
if (telling.length > 0 || maps.length > 0) {
  console.error(`source maps would be published: ${[...maps, ...telling].join(" ")}`);
  process.exit(1);
}
