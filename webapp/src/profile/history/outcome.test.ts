import { describe, expect, it } from "vitest";
import type { Game } from "../../protocol/generated";
import { broughtBy } from "../../ui/brought";
import { outcomeOf, stakeOf } from "./outcome";

const ME = "7";
const GAME: Game = {
  room_id: "0000000000000000",
  kind: "standard",
  role: "player",
  organizer_id: null,
  outcome: "settled",
  reason: null,
  stake: 50,
  pool: 500,
  prize: 500,
  winner: ME,
  players: 10,
  place: 1,
  taps: 90,
  best_rate: 9.5,
  blocked: false,
  payout: 500,
  starts_ms: 1,
  ended_ms: 2,
  decided_ms: 3,
};

describe("a game", () => {
  it.each([
    ["won", 500, {}],
    ["won", 36, { stake: 20, pool: 40, prize: 36, payout: 36 }],
    ["won", 1, { stake: 1, pool: 2, prize: 1, payout: 1 }],
    ["lost", -50, { winner: "8", place: 3, payout: 0 }],
    ["blocked", -50, { winner: "8", place: null, blocked: true, payout: 0 }],
    ["organized", 50, { role: "organizer", winner: "8", place: null, payout: 50 }],
    ["organized", 0, { role: "organizer", winner: "8", place: null, payout: 0 }],
    ["refunded", 50, { outcome: "refunded", winner: null, place: null, payout: 50 }],
    ["refunded", 0, { outcome: "refunded", role: "organizer", winner: null, payout: 0 }],
    ["refunded", 50, { outcome: "refunded", winner: null, blocked: true, payout: 50 }],
    ["refunded", 50, { winner: "8", place: null, payout: 50 }],
  ] as const)("that was %s shows %i", (outcome, effect, changes) => {
    const game: Game = { ...GAME, ...changes };
    expect(outcomeOf(game, ME)).toBe(outcome);
    expect(broughtBy({ stake: stakeOf(game), payout: game.payout })).toBe(effect);
  });
});
