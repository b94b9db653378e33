/**
 * The part of a name that fits under a small face: its first word that can be read, without what decorates it.
 *
 * A name of nothing but signs stays as it is; so does one that is short.
 */
const FITS = 10;
const READABLE = /[\p{L}\p{N}]/u;

export function shortName(name: string): string {
  const whole = name.trim();
  if (Array.from(whole).length <= FITS) return whole;
  return whole.split(/\s+/).find((word) => READABLE.test(word)) ?? whole;
}
