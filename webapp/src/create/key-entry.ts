/**
 * Entering by key as one pure state machine: what was typed, what the server said about it, what may be done now.
 *
 * Owns which answer belongs to which key, so that a late one never shows the terms of another room.  Money is no
 * matter here: a room is joined only from `found`, in which its fee is on the screen.
 */
import { readRoomKey, showRoomKey } from "../join/room-key";
import type { KeyedRoom } from "../protocol/generated";

export type Refusal =
  /** No room waits by this key. */
  | { readonly kind: "unknown" }
  /** It waited a moment ago: it has begun, or is over. */
  | { readonly kind: "gone" }
  /** Too many keys that were none; asked again by itself at `againAtMs`. */
  | { readonly kind: "limited"; readonly againAtMs: number }
  | { readonly kind: "unreachable" }
  /** Anything else, in the server's words. */
  | { readonly kind: "refused"; readonly message: string };

export type Look =
  /** There is no whole key yet. */
  | { readonly name: "typing" }
  | { readonly name: "looking"; readonly key: string }
  | { readonly name: "found"; readonly key: string; readonly room: KeyedRoom }
  | { readonly name: "refused"; readonly key: string; readonly refusal: Refusal };

export interface KeyEntry {
  readonly text: string;
  readonly look: Look;
}

export type KeyInput =
  | { readonly type: "typed"; readonly text: string }
  | { readonly type: "found"; readonly key: string; readonly room: KeyedRoom }
  | { readonly type: "refused"; readonly key: string; readonly refusal: Refusal }
  | { readonly type: "again" };

export const MAX_TEXT = 64;

export function startKeyEntry(text: string): KeyEntry {
  return step({ text: "", look: { name: "typing" } }, { type: "typed", text });
}

export function step(entry: KeyEntry, input: KeyInput): KeyEntry {
  const { look } = entry;
  switch (input.type) {
    case "typed": {
      const text = input.text.slice(0, MAX_TEXT);
      // A link that was pasted is longer than what is kept to be typed on.
      const key = readRoomKey(input.text);
      if (key === null) return { text, look: { name: "typing" } };
      // A whole key takes its one form, as the organizer sees it.
      const shown = showRoomKey(key);
      if (look.name !== "typing" && look.key === key) return { text: shown, look };
      return { text: shown, look: { name: "looking", key } };
    }
    case "found":
      if (look.name === "typing" || look.key !== input.key) return entry;
      return { ...entry, look: { name: "found", key: input.key, room: input.room } };
    case "refused": {
      if (look.name === "typing" || look.key !== input.key) return entry;
      const { refusal } = input;
      if (look.name === "found") {
        // Terms that were shown stay while only the network is away: joining asks the server in any case.
        if (refusal.kind === "unreachable" || refusal.kind === "limited") return entry;
        if (refusal.kind === "unknown") {
          return { ...entry, look: { name: "refused", key: input.key, refusal: { kind: "gone" } } };
        }
      }
      return { ...entry, look: { name: "refused", key: input.key, refusal } };
    }
    case "again":
      return look.name === "refused"
        ? { ...entry, look: { name: "looking", key: look.key } }
        : entry;
  }
}
