/** Keys of hero rooms: 10 characters of Crockford's base32 (https://www.crockford.com/base32.html), as people type them. */
const LENGTH = 10;
const KEY = new RegExp(`^[0-9A-HJKMNP-TV-Z]{${LENGTH}}$`);

/** The key in its one form; null where the text is none.  Spaces, hyphens and case do not matter; O is 0, I and L are 1. */
export function readRoomKey(text: string): string | null {
  const key = text
    .replace(/[\s-]/g, "")
    .toUpperCase()
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return KEY.test(key) ? key : null;
}

/** In two groups, as it is easily read aloud. */
export function showRoomKey(key: string): string {
  return `${key.slice(0, LENGTH / 2)} ${key.slice(LENGTH / 2)}`;
}
