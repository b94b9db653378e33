/** The address that brings somebody to a hero room with its key. */

const START_PARAM = "tgWebAppStartParam";

/** By the bot where its name is known: that always works.  Else this very page, which reads the same parameter. */
export function invitationLink(key: string, botUsername: string | null, page: string): string {
  if (botUsername !== null) return `https://t.me/${botUsername}?start=${key}`;
  const url = new URL(page);
  url.search = new URLSearchParams({ [START_PARAM]: key }).toString();
  // Telegram's launch data, and with it one's own login, stand behind the hash.
  url.hash = "";
  return url.href;
}
