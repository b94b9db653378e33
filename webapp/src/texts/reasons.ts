/** Why a game was not played or a stake came back, in words.  A word that is not known here says nothing to a player. */
import type { ParseKeys } from "i18next";

const REASONS: Readonly<Record<string, ParseKeys>> = {
  not_enough_players: "reasons.notEnoughPlayers",
  outage: "reasons.outage",
  empty: "reasons.notEnoughPlayers",
  operator: "reasons.operator",
  not_started: "reasons.notStarted",
  organizer_left: "reasons.organizerLeft",
  nobody_tapped: "reasons.nobodyTapped",
  not_ranked: "reasons.notRanked",
  left: "reasons.left",
  seat_gone: "reasons.seatLost",
  seat_lost: "reasons.seatLost",
  too_fast: "reasons.tooFast",
};

export function reasonKey(reason: string | null): ParseKeys | null {
  return reason === null ? null : (REASONS[reason] ?? null);
}
