import type { Outcome } from "../../room/reducer";

/** Two stand one above the other with as many taps: it takes a word to say why. */
export function hasEqual(standings: Outcome["standings"]): boolean {
  const taps = standings.filter((line) => line.place !== null).map((line) => line.taps);
  return new Set(taps).size < taps.length;
}
