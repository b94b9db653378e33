/** What the profile's screens ask the server. */
import { API, type Ask } from "../api/game-api";
import type { Page } from "../api/paged-list";
import {
  appealAnswerSchema,
  type Game,
  type GameDetails,
  gameDetailsSchema,
  gamesSchema,
  type Notice,
  noticesSchema,
  type Record as GameRecord,
  recordSchema,
  type Referrals,
  referralsSchema,
} from "../protocol/generated";

const GAMES_A_PAGE = 20;
const NOTICES_A_PAGE = 20;
const INVITED_A_PAGE = 50;

export async function fetchGames(ask: Ask, cursor: string | null): Promise<Page<Game>> {
  const answer = await ask({
    method: "GET",
    path: `${API}/games?${page(GAMES_A_PAGE, cursor)}`,
    answer: gamesSchema,
  });
  return { items: answer.games, next: answer.next_cursor };
}

export function fetchGame(ask: Ask, roomId: string): Promise<GameDetails> {
  return ask({
    method: "GET",
    path: `${API}/games/${encodeURIComponent(roomId)}`,
    answer: gameDetailsSchema,
  });
}

/** The signed record; `not_found` in the first seconds after the decision. */
export function fetchRecord(ask: Ask, roomId: string): Promise<GameRecord> {
  return ask({
    method: "GET",
    path: `${API}/games/${encodeURIComponent(roomId)}/record`,
    answer: recordSchema,
  });
}

export async function fetchNotices(
  ask: Ask,
  cursor: string | null,
  limit = NOTICES_A_PAGE,
): Promise<Page<Notice>> {
  const answer = await ask({
    method: "GET",
    path: `${API}/notices?${page(limit, cursor)}`,
    answer: noticesSchema,
  });
  return { items: answer.notices, next: answer.next_cursor };
}

export async function sendAppeal(ask: Ask, noticeId: string, text: string): Promise<void> {
  await ask({
    method: "POST",
    path: `${API}/notices/${encodeURIComponent(noticeId)}/appeal`,
    answer: appealAnswerSchema,
    body: { text },
  });
}

export function fetchReferrals(ask: Ask, cursor: string | null): Promise<Referrals> {
  return ask({
    method: "GET",
    path: `${API}/referrals?${page(INVITED_A_PAGE, cursor)}`,
    answer: referralsSchema,
  });
}

function page(limit: number, cursor: string | null): string {
  return new URLSearchParams({
    limit: String(limit),
    ...(cursor === null ? {} : { cursor }),
  }).toString();
}
