/** The bonus run of this account. */
import { type Ask, API } from "../api/game-api";
import { type BonusRun, bonusAnswerSchema } from "../protocol/generated";

const PATH = `${API}/bonus`;

/** The latest run, also when it is over; null where there never was one. */
export async function lookAtBonus(ask: Ask): Promise<BonusRun | null> {
  return (await ask({ method: "GET", path: PATH, answer: bonusAnswerSchema })).bonus;
}

/** Repeated while one runs: that one. */
export async function startBonus(ask: Ask): Promise<BonusRun | null> {
  return (await ask({ method: "POST", path: PATH, answer: bonusAnswerSchema })).bonus;
}

/** Repeated: the same answer. */
export async function cancelBonus(ask: Ask): Promise<BonusRun | null> {
  return (await ask({ method: "DELETE", path: PATH, answer: bonusAnswerSchema })).bonus;
}
