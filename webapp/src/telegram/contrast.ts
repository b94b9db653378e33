/**
 * Colours that can be read: Telegram's themes, its own two included, have second texts of hardly 3 to 1.
 *
 * Pure.  Contrast as WCAG 2.2 defines it (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
 */
type Rgb = readonly [red: number, green: number, blue: number];
type Theme = Readonly<Record<string, string | undefined>>;

/** More than the 4.5 that AA asks for: our raised surfaces and glows lie a little off Telegram's own. */
const READABLE = 5.5;
const STEPS = 20;
const SECOND_TEXTS = ["subtitle_text_color", "hint_color"];

/** The same theme, with texts moved towards black or white, or second texts towards the first, as far as is needed. */
export function readable(theme: Theme): Theme {
  const surfaces = ["bg_color", "secondary_bg_color"]
    .map((name) => parse(theme[name]))
    .filter((colour) => colour !== null);
  const [ground] = surfaces;
  if (!ground) return theme;
  const ends: Rgb = luminance(ground) < 0.18 ? [255, 255, 255] : [0, 0, 0];
  const text = lift(parse(theme.text_color) ?? ends, ends, surfaces);
  const changed: Record<string, string | undefined> = { ...theme, text_color: format(text) };
  for (const name of SECOND_TEXTS) {
    const colour = parse(theme[name]);
    if (colour) changed[name] = format(lift(colour, text, surfaces));
  }
  return changed;
}

function lift(colour: Rgb, towards: Rgb, surfaces: readonly Rgb[]): Rgb {
  for (let step = 0; step < STEPS; step += 1) {
    const lifted = mix(colour, towards, step / STEPS);
    if (surfaces.every((surface) => contrast(lifted, surface) >= READABLE)) return lifted;
  }
  return towards;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (value: number): number => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function mix(from: Rgb, to: Rgb, part: number): Rgb {
  const at = (index: 0 | 1 | 2): number =>
    Math.round(from[index] + (to[index] - from[index]) * part);
  return [at(0), at(1), at(2)];
}

export function parse(colour: string | undefined): Rgb | null {
  if (!colour || !/^#[0-9a-f]{6}$/i.test(colour)) return null;
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function format([red, green, blue]: Rgb): string {
  return `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, "0")}`;
}
