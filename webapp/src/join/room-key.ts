/** Keys of hero rooms: 10 characters of Crockford's base32 (https://www.crockford.com/base32.html), as people type them. */
const LENGTH = 10;
const KEY = new RegExp(`^[0-9A-HJKMNP-TV-Z]{${LENGTH}}$`);
/** An invitation's link that was pasted whole. */
const IN_LINK = /[?&](?:startapp|start|tgWebAppStartParam)=([\w-]+)/i;
/** Letters of other alphabets that look as ours do, and theirs in one's own keyboard: only one can be meant. */
const ALIKE = "АВСЕЅНІЈКМОРТХУЗΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";
const OURS = "ABCESHIJKMOPTXY3ABEZHIKMNOPTYX";
/** Digits of other scripts begin with their zero here. */
const ZEROS = [0x0660, 0x06f0, 0x0966];

/**
 * The key in its one form; null where the text is none.  Case does not matter, nor what copying and chats put between and
 * around: spaces of every kind, dashes, quotes, full stops, pluses, marks that cannot be seen.  O is 0, I and L are 1.
 */
export function readRoomKey(text: string): string | null {
  const key = signsOf(IN_LINK.exec(text)?.[1] ?? text)
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return KEY.test(key) ? key : null;
}

/** Whether there is something in the text that is in no key. */
export function hasForeignSign(text: string): boolean {
  return /[^0-9A-TV-Z]/.test(signsOf(text));
}

/** In two groups, as it is easily read aloud. */
export function showRoomKey(key: string): string {
  return `${key.slice(0, LENGTH / 2)} ${key.slice(LENGTH / 2)}`;
}

/** Letters and digits alone, in their plain forms. */
function signsOf(text: string): string {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .replaceAll(/\p{Nd}/gu, plainDigit)
    .replaceAll(/[\u0370-\u052f]/g, (sign) => OURS[ALIKE.indexOf(sign)] ?? sign);
}

function plainDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  const zero = ZEROS.find((each) => code >= each && code < each + 10);
  return zero === undefined ? digit : String(code - zero);
}
