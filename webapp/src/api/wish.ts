/** What a player may ask a seat for. */
import * as z from "zod/mini";

export const wishSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("standard"), stake: z.int() }),
  /** A hero room by its key; `fee` is what the player was told that it costs. */
  z.object({ kind: z.literal("key"), key: z.string(), fee: z.int() }),
  /** To make a hero room, and be its organizer. */
  z.object({ kind: z.literal("make"), fee: z.int() }),
]);
export type Wish = z.infer<typeof wishSchema>;
