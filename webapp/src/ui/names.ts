/**
 * Names of all the world in little room: what of them is shown under a small face, or in its place.
 *
 * What people see as one sign may be many code points (flags, families, marks over letters): it is never cut.
 */
const FITS = 10;
const READABLE = /[\p{L}\p{N}]/u;
/** Neither blank, nor a mark alone, nor a letter that nobody sees, as U+3164. */
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Of a browser that cannot segment: pairs of regional letters, emoji joined to emoji, a sign with its marks. */
const SIGN =
  /\p{RI}{2}|\p{Emoji}[\p{EMod}\p{M}\u{e0020}-\u{e007f}]*(?:\u200d\p{Emoji}[\p{EMod}\p{M}]*)*|\P{M}\p{M}*|\p{M}+/gsu;

/**
 * The first word of a name that can be read, without what decorates it; `nobody` where nothing of the name is seen.
 *
 * A name of nothing but signs stays as it is; so does one that is short.
 */
export function shortName(name: string, nobody: string): string {
  const whole = name.trim();
  if (!VISIBLE.test(whole)) return nobody;
  if (signs(whole).length <= FITS) return whole;
  const isWord = (word: string): boolean => READABLE.test(word) && VISIBLE.test(word);
  return wordsOf(whole).find(isWord) ?? whole;
}

/** The first sign of the first word and of the last; a question mark where nothing of the name is seen. */
export function initials(name: string): string {
  const words = wordsOf(name).flatMap((word) => {
    const shown = word.search(VISIBLE);
    return shown === -1 ? [] : [word.slice(shown)];
  });
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => large(signs(word ?? "")[0] ?? "")).join("") || "?";
}

/** As people see and count them: grapheme clusters (https://unicode.org/reports/tr29/). */
export function signs(text: string): string[] {
  return "Segmenter" in Intl
    ? Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    : plainSigns(text);
}

export function plainSigns(text: string): string[] {
  return text.match(SIGN) ?? [];
}

function wordsOf(name: string): string[] {
  return name.split(/[\s\p{Z}]+/u);
}

/** In capitals, where that is one sign again: not so of "ß". */
function large(sign: string): string {
  const upper = sign.toUpperCase();
  return signs(upper).length === 1 ? upper : sign;
}
