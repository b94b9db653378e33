/**
 * The server's clock as this page knows it.
 *
 * A time that the server sent is already old when it arrives, so each one gives a lower bound; the highest bound came
 * the quickest and is kept.  Thus a stamp is never in the server's future, where it would be moved and two frames
 * could end up closer together than this page believes.
 */
export class ServerClock {
  private readonly monotonic: () => number;
  private offset: number;
  private isGuess = true;
  private isFixed = false;

  /** `monotonic` never goes back, whatever happens to the wall clock; `guess` serves until the server has spoken. */
  constructor(monotonic: () => number, guess: number) {
    this.monotonic = monotonic;
    this.offset = guess;
  }

  sample(serverTimeMs: number, receivedAt: number): void {
    if (this.isFixed) return;
    const bound = serverTimeMs - receivedAt;
    this.offset = this.isGuess ? bound : Math.max(this.offset, bound);
    this.isGuess = false;
  }

  /** From the game's start on the offset stays as it is: stamps must neither jump nor shrink. */
  fix(): void {
    this.isFixed = !this.isGuess;
  }

  /** The next sample counts afresh: a new game, or the server found our stamps wrong. */
  release(): void {
    this.isFixed = false;
    this.isGuess = true;
  }

  now(): number {
    return Math.floor(this.monotonic() + this.offset);
  }
}
