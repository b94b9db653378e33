/** What a game came to for one of its players. */
import type { Game } from "../../protocol/generated";

export type OutcomeName = "won" | "lost" | "blocked" | "organized" | "refunded";

/** A blocked player whose stake came back has lost nothing: then the game is a refunded one. */
export function outcomeOf(game: Game, userId: string): OutcomeName {
  if (game.outcome === "refunded") return "refunded";
  if (game.role === "organizer") return "organized";
  if (game.blocked) return "blocked";
  if (game.winner === userId) return "won";
  // Paid and yet not ranked: the stake came back although the game was decided.
  return game.place === null ? "refunded" : "lost";
}

/** For `GameAmount`: an organizer has staked nothing. */
export function stakeOf({ role, stake }: Game): number | null {
  return role === "organizer" ? null : stake;
}
