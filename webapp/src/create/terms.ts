/** What a hero room's fee comes to: reading it, and who gets what.  Pure; the server decides both again. */

export type FeeProblem = "empty" | "tooSmall" | "tooBig";

export type ReadFee = { readonly fee: number } | { readonly problem: FeeProblem };

const MOST_DIGITS = 7;

/** What stays of what was typed or pasted: digits, and no more of them than any fee has. */
export function typedFee(text: string): string {
  return text
    .replace(/\D/g, "")
    .replace(/^0+(?=\d)/, "")
    .slice(0, MOST_DIGITS);
}

export function readFee(text: string, maxFee: number): ReadFee {
  if (text === "") return { problem: "empty" };
  const fee = Number(text);
  if (!Number.isInteger(fee) || fee < 1) return { problem: "tooSmall" };
  return fee > maxFee ? { problem: "tooBig" } : { fee };
}

export interface Shares {
  readonly pool: number;
  readonly winner: number;
  readonly organizer: number;
}

/** The organizer's part is rounded down, so that the winner never gets less. */
export function shares(fee: number, players: number, organizerBps: number): Shares {
  const pool = fee * players;
  const organizer = Math.floor((pool * organizerBps) / 10_000);
  return { pool, winner: pool - organizer, organizer };
}

const PRESETS = [20, 50, 100, 500, 1000];

export function feePresets(maxFee: number): readonly number[] {
  return PRESETS.filter((fee) => fee <= maxFee);
}

const FEWEST = 2;
const EXAMPLES = [5, 10, 25];

/** How many players the example can be reckoned for: from the fewest that can play to a full room. */
export function exampleCrowds(capacity: number): readonly number[] {
  return [FEWEST, ...EXAMPLES.filter((players) => players < capacity), capacity];
}
