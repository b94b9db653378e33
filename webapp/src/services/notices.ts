/** Short messages about what happened; one at a time, each gone after a while, and with the screen that it came over. */
import { createStore, type Readable } from "../state/store";
import type { NoticeKey } from "../texts/texts";

const SHOWN_MS = 5000;

export interface Notice {
  readonly key: NoticeKey;
  /** The Stars it is about, where it is about any. */
  readonly stars: number | undefined;
}

export class Notices {
  private readonly store = createStore<Notice | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  get current(): Readable<Notice | null> {
    return this.store;
  }

  /** The player is elsewhere now, or at work on what lies under it. */
  clear(): void {
    clearTimeout(this.timer);
    this.store.set(null);
  }

  show(key: NoticeKey, stars?: number): void {
    clearTimeout(this.timer);
    this.store.set({ key, stars });
    this.timer = setTimeout(() => {
      this.store.set(null);
    }, SHOWN_MS);
  }
}
