import { API, type Ask } from "../api/game-api";
import { type Leaderboard, leaderboardSchema } from "../protocol/generated";

export type Period = Leaderboard["period"];

export function fetchLeaderboard(ask: Ask, period: Period): Promise<Leaderboard> {
  return ask({
    method: "GET",
    path: `${API}/leaderboard?period=${period}`,
    answer: leaderboardSchema,
  });
}
