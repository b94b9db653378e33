/** A fixed offset that is behind by more than this is behind because the device slept. */
const SLEPT_MS = 1000;

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
  private guessed = true;
  private isFixed = false;

  /** `monotonic` never goes back, whatever happens to the wall clock; `guess` serves until the server has spoken. */
  constructor(monotonic: () => number, guess: number) {
    this.monotonic = monotonic;
    this.offset = guess;
  }

  /** The server has not spoken yet, or not since it found our stamps wrong. */
  get isGuess(): boolean {
    return this.guessed;
  }

  sample(serverTimeMs: number, receivedAt: number): void {
    const bound = serverTimeMs - receivedAt;
    // Where time goes on but not the monotonic clock, the device has slept: then a fixed offset is plainly behind.
    if (this.isFixed && bound <= this.offset + SLEPT_MS) return;
    this.offset = this.guessed ? bound : Math.max(this.offset, bound);
    this.guessed = false;
  }

  /** From the game's start on the offset stays as it is: stamps must neither jump nor shrink while the device is awake. */
  fix(): void {
    this.isFixed = !this.guessed;
  }

  /** The next sample counts afresh: a new game, or the server found our stamps wrong. */
  release(): void {
    this.isFixed = false;
    this.guessed = true;
  }

  now(): number {
    return Math.floor(this.monotonic() + this.offset);
  }
}
