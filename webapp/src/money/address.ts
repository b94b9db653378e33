/**
 * Addresses of the chain as people know them.
 *
 * The server speaks of `0:` and 64 hex digits; wallets show 48 signs of base64 with flags and a checksum in them.
 */
const NOT_BOUNCEABLE = 0x51;
const TEST_ONLY = 0x80;

/** The form that cannot bounce: what is sent to it stays there even where nothing was deployed yet. */
export function friendly(raw: string, network: "mainnet" | "testnet"): string {
  const [, workchain, hash] = /^(0|-1):([0-9a-f]{64})$/i.exec(raw) ?? [];
  if (workchain === undefined || hash === undefined) return raw;
  const bytes = new Uint8Array(36);
  bytes[0] = NOT_BOUNCEABLE | (network === "testnet" ? TEST_ONLY : 0);
  bytes[1] = workchain === "0" ? 0 : 255;
  bytes.set(
    (hash.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16)),
    2,
  );
  const checksum = crc16(bytes.subarray(0, 34));
  bytes.set([checksum >> 8, checksum & 255], 34);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** A line may end after three dots, but not after this. */
const WORD_JOINER = "\u2060";

/** Enough of it to know it again, in one line. */
export function short(address: string): string {
  return address.length > 12
    ? `${address.slice(0, 4)}…${WORD_JOINER}${address.slice(-4)}`
    : address;
}

/** CRC-16/XMODEM, as the addresses have it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}
