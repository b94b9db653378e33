/** The room that a reload comes back to, with those of one's taps there that the server may not have heard of. */
import * as z from "zod/mini";
import { forget, recall, remember } from "../state/storage";

const keptRoomSchema = z.object({
  roomId: z.string(),
  taps: z.nullable(
    z.object({
      nextSeq: z.int(),
      frames: z.array(z.object({ seq: z.int(), count: z.int(), timestamp: z.int() })),
    }),
  ),
});
export type Kept = z.infer<typeof keptRoomSchema>;

const KEY = "room";

export class KeptRoom {
  /** What the page before left. */
  readonly found: Kept | null = recall(KEY, keptRoomSchema);

  /** `current`: what is to be kept, asked whenever the page may be gone or frozen any moment; null: nothing. */
  constructor(current: () => Kept | null) {
    const keep = (): void => {
      const kept = current();
      if (kept) this.keep(kept);
    };
    window.addEventListener("pagehide", keep);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") keep();
    });
  }

  keep(kept: Kept): void {
    remember(KEY, kept);
  }

  forget(): void {
    forget(KEY);
  }
}
