/** What a game brought its player: one sum for results, history, notices and leaderboards. */

interface Brought {
  /** Null for who staked nothing: an organizer. */
  readonly stake: number | null;
  readonly payout: number;
}

/** What came to the balance, whole, as the statement has it; or the stake that is gone. */
export function broughtBy({ stake, payout }: Brought): number {
  return payout === 0 && stake !== null ? -stake : payout;
}
