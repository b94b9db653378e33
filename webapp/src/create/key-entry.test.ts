import { describe, expect, it } from "vitest";
import type { KeyedRoom } from "../protocol/generated";
import { type KeyEntry, type KeyInput, startKeyEntry, step } from "./key-entry";

const KEY = "0A1B2C3D4E";
const OTHER = "ZZZZZZZZZZ";
const ROOM: KeyedRoom = { fee: 50, organizer: null, players: 3, deadline_ms: 1 };

function after(entry: KeyEntry, ...inputs: KeyInput[]): KeyEntry {
  return inputs.reduce(step, entry);
}

describe("entering by key", () => {
  it("looks up a whole key, however it was pasted", () => {
    expect(startKeyEntry(" oa1b2-c3d4e\n")).toEqual({
      text: "0A1B2 C3D4E",
      look: { name: "looking", key: KEY },
    });
  });

  it("waits while the key is not whole", () => {
    expect(startKeyEntry("oa1b")).toEqual({ text: "oa1b", look: { name: "typing" } });
    expect(startKeyEntry("x".repeat(999)).text).toHaveLength(64);
  });

  it("does not ask again for the key that it knows", () => {
    const found = after(startKeyEntry(KEY), { type: "found", key: KEY, room: ROOM });
    expect(step(found, { type: "typed", text: "0a1b2 c3d4e " }).look).toBe(found.look);
  });

  it("takes no answer about another key", () => {
    const typing = startKeyEntry("0A1B2");
    expect(step(typing, { type: "found", key: KEY, room: ROOM })).toBe(typing);
    const other = startKeyEntry(OTHER);
    expect(step(other, { type: "found", key: KEY, room: ROOM })).toBe(other);
    expect(step(other, { type: "refused", key: KEY, refusal: { kind: "unknown" } })).toBe(other);
  });

  it("tells a key that never led anywhere from a room that is closed by now", () => {
    const unknown: KeyInput = { type: "refused", key: KEY, refusal: { kind: "unknown" } };
    expect(after(startKeyEntry(KEY), unknown).look).toMatchObject({ refusal: { kind: "unknown" } });
    const found = after(startKeyEntry(KEY), { type: "found", key: KEY, room: ROOM });
    expect(step(found, unknown).look).toMatchObject({ refusal: { kind: "gone" } });
  });

  it("keeps the terms on the screen while only the network is away", () => {
    const found = after(startKeyEntry(KEY), { type: "found", key: KEY, room: ROOM });
    expect(step(found, { type: "refused", key: KEY, refusal: { kind: "unreachable" } })).toBe(
      found,
    );
  });

  it("asks again after a refusal, and only then", () => {
    const limited: KeyInput = {
      type: "refused",
      key: KEY,
      refusal: { kind: "limited", againAtMs: 5 },
    };
    const looking = startKeyEntry(KEY);
    expect(step(looking, { type: "again" })).toBe(looking);
    expect(after(looking, limited, { type: "again" }).look).toEqual({ name: "looking", key: KEY });
  });
});
