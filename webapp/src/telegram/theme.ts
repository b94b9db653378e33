/**
 * Telegram's colours, whatever form a client gives them: each is read by itself, so that one that is odd costs no other.
 *
 * Pure.  Out come `#rrggbb` colours alone, with which the page can paint and reckon.
 */
export type Theme = Readonly<Record<string, string>>;
export type Scheme = "dark" | "light";

/** What the style sheets have in place of Telegram's surfaces. */
const OWN: Readonly<Record<Scheme, Theme>> = {
  dark: { bg_color: "#0b0e14", secondary_bg_color: "#141924" },
  light: { bg_color: "#eef1f6", secondary_bg_color: "#ffffff" },
};
const GROUNDS = ["bg_color", "secondary_bg_color", "section_bg_color", "header_bg_color"];

/** `values`: an object of colours, or the JSON of one; what is no colour is left out. */
export function readTheme(values: unknown): Theme {
  const theme = typeof values === "string" ? parseJson(values) : values;
  if (typeof theme !== "object" || theme === null) return {};
  return Object.fromEntries(
    Object.entries(theme).flatMap(([name, value]) => {
      const colour = readColour(value);
      return colour === null ? [] : [[name, colour]];
    }),
  );
}

/**
 * As `#rrggbb`; null where it is none.
 *
 * Beside CSS's forms there are whole numbers, as Java has colours: alpha first, and negative where it is opaque.
 */
export function readColour(value: unknown): string | null {
  if (typeof value === "number") return ofNumber(value);
  if (typeof value !== "string") return null;
  const text = value.trim().toLowerCase();
  if (/^(-\d{1,10}|\d{9,10})$/.test(text)) return ofNumber(Number(text));
  const digits = /^(?:#|0x)?([0-9a-f]+)$/.exec(text)?.[1];
  return digits === undefined ? ofFunction(text) : ofDigits(digits);
}

/** By its grounds, or by the text that is to be read on them; null where it has neither. */
export function schemeOf(theme: Theme): Scheme | null {
  const ground = GROUNDS.find((name) => theme[name] !== undefined);
  if (ground !== undefined) return isDark(theme[ground] ?? "") ? "dark" : "light";
  return theme.text_color === undefined ? null : isDark(theme.text_color) ? "light" : "dark";
}

/** The theme on the surfaces that it will be seen on. */
export function grounded(theme: Theme): Theme {
  const scheme = schemeOf(theme);
  return scheme === null ? theme : { ...OWN[scheme], ...theme };
}

export function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function ofNumber(value: number): string | null {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) return null;
  return `#${(value & 0xff_ffff).toString(16).padStart(6, "0")}`;
}

function ofDigits(digits: string): string | null {
  switch (digits.length) {
    case 3:
    case 4:
      return `#${digits.slice(0, 3).replaceAll(/./g, "$&$&")}`;
    case 6:
      return `#${digits}`;
    case 8:
      // Alpha is last in CSS and first in Java; an opaque one tells which.
      return digits.startsWith("ff") && !digits.endsWith("ff")
        ? `#${digits.slice(2)}`
        : `#${digits.slice(0, 6)}`;
    default:
      return null;
  }
}

function ofFunction(text: string): string | null {
  const parts = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*([,/]\s*[\d.]+%?\s*)?\)$/.exec(
    text,
  );
  const values = parts?.slice(1, 4).map((part) => Math.round(Number(part))) ?? [];
  if (values.length === 0 || values.some((each) => !(each <= 255))) return null;
  return `#${values.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

function isDark(colour: string): boolean {
  const value = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
