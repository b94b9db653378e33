/**
 * Asks for the end of a game that was not heard: `settled`, or the balance after a refund, may get lost on its way.
 *
 * Owns when it is asked.  What an answer means is the room's to say, which may have heard more meanwhile.
 */
import type { Room } from "../protocol/generated";

const POLL_MS = 2000;

export interface ResultPollHost {
  readonly fetchRoom: (roomId: string) => Promise<Room>;
  /** This room is still shown, and its end is not known. */
  readonly isUndecided: (roomId: string) => boolean;
  readonly onAnswer: (room: Room) => void;
}

export class ResultPoll {
  private readonly host: ResultPollHost;
  private timer: number | undefined;

  constructor(host: ResultPollHost) {
    this.host = host;
  }

  /** Ask for `roomId` after a while, again while there is no answer, and not at all once its end is known. */
  start(roomId: string): void {
    this.timer ??= window.setTimeout(() => void this.ask(roomId), POLL_MS);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async ask(roomId: string): Promise<void> {
    this.timer = undefined;
    if (!this.host.isUndecided(roomId)) return;
    try {
      this.host.onAnswer(await this.host.fetchRoom(roomId));
    } catch {
      if (this.host.isUndecided(roomId)) this.start(roomId);
    }
  }
}
