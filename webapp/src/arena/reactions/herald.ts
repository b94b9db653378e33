/**
 * What a screen reader hears of the reactions: those that are for this player, and never more than one in a while.
 *
 * A room of ten makes dozens in a few seconds; read out one by one they would drown the count of players.
 */
const PAUSE_MS = 4000;

export class Herald {
  private readonly userId: string;
  private silentUntilMs = 0;

  constructor(userId: string) {
    this.userId = userId;
  }

  /** Whether this one is said. */
  says(reaction: { readonly from: string; readonly to: string }, nowMs: number): boolean {
    if (reaction.to !== this.userId || reaction.from === this.userId) return false;
    if (nowMs < this.silentUntilMs) return false;
    this.silentUntilMs = nowMs + PAUSE_MS;
    return true;
  }
}
