/**
 * Holds the two languages against each other: the same keys, every plural form a language has, the same placeholders,
 * nothing empty, and no text that nothing uses.
 */
import { globSync, readFileSync } from "node:fs";

const FORMS = {
  en: { cardinal: ["one", "other"], ordinal: ["one", "two", "few", "other"] },
  ru: { cardinal: ["one", "few", "many", "other"], ordinal: ["other"] },
} as const;

const WEBAPP = new URL("../", import.meta.url);

type Language = keyof typeof FORMS;
interface Texts {
  readonly [key: string]: string | Texts;
}

const PLURAL = /^(?<base>.+?)_(?<kind>ordinal_)?(?<form>zero|one|two|few|many|other)$/;

function flatten(texts: Texts, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

function placeholders(text: string): string {
  return [...new Set(text.match(/{{\w+(?:, number)?}}/g))].sort().join(" ");
}

/** Key without its plural form -> the placeholders of its texts; what is wrong goes to `complaints`. */
function examine(language: Language, complaints: string[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const path of globSync(`src/texts/*.${language}.json`, { cwd: WEBAPP })) {
    const area = JSON.parse(readFileSync(new URL(path, WEBAPP), "utf8")) as Texts;
    for (const [key, text] of flatten(area)) {
      if (texts.has(key)) complaints.push(`${language}: ${key} is in two areas`);
      texts.set(key, text);
    }
  }
  const found = new Map<string, string>();
  const plurals = new Map<string, Set<string>>();
  for (const [key, text] of texts) {
    if (text.trim() === "") complaints.push(`${language}: ${key} is empty`);
    const { base, kind, form } = PLURAL.exec(key)?.groups ?? {};
    const name = base === undefined ? key : `${base} (${kind ? "ordinal" : "cardinal"})`;
    const before = found.get(name);
    if (before !== undefined && before !== placeholders(text)) {
      complaints.push(`${language}: the forms of ${name} differ in their placeholders`);
    }
    found.set(name, placeholders(text));
    if (form !== undefined) plurals.set(name, (plurals.get(name) ?? new Set()).add(form));
  }
  for (const [name, forms] of plurals) {
    const wanted = FORMS[language][name.endsWith("(ordinal)") ? "ordinal" : "cardinal"];
    if ([...forms].sort().join() !== [...wanted].sort().join()) {
      complaints.push(`${language}: ${name} has ${[...forms].join()}, needs ${wanted.join()}`);
    }
  }
  return found;
}

const complaints: string[] = [];
const en = examine("en", complaints);
const ru = examine("ru", complaints);
for (const name of new Set([...en.keys(), ...ru.keys()])) {
  if (!en.has(name)) complaints.push(`en: ${name} is missing`);
  else if (!ru.has(name)) complaints.push(`ru: ${name} is missing`);
  else if (en.get(name) !== ru.get(name)) complaints.push(`${name}: the placeholders differ`);
}
const source = globSync("src/**/*.{ts,tsx}", { cwd: WEBAPP })
  .map((path) => readFileSync(new URL(path, WEBAPP), "utf8"))
  .join("\n");
// `t(`room.kind.${kind}`)` uses all that stands below `room.kind`.
const computed = new Set(
  [...source.matchAll(/\bt\(`([\w.]+)\.\$\{\w+(?:\.\w+)*\}`/g)].map(([, parent]) => parent),
);
for (const name of en.keys()) {
  const key = name.replace(/ \(.*/, "");
  const isComputed = computed.has(key.slice(0, key.lastIndexOf(".")));
  if (!isComputed && !source.includes(`"${key}"`)) complaints.push(`${key} is not used`);
}
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`${en.size} texts, complete in both languages`);
