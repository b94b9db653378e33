import type { Player } from "../../protocol/generated";

/** Who leads, best first: nobody without a tap, nobody who is blocked; equals stay in the order of their seats. */
export function firstOf(players: readonly Player[], count: number): readonly Player[] {
  return players
    .filter((player) => player.state === "paid" && player.taps > 0)
    .sort((a, b) => b.taps - a.taps)
    .slice(0, count);
}
