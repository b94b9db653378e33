import { describe, expect, it } from "vitest";
import type { Room, ServerFrame } from "../protocol/generated";
import { apply, livePlace, type RoomView, viewOf } from "./reducer";
import { samplePlayer, sampleRoom } from "./sample";

const EPOCH = "n.1";

function inRoom(change: Partial<Room> = {}): RoomView {
  return viewOf(sampleRoom(change), EPOCH);
}

function after(view: RoomView, ...frames: ServerFrame[]): RoomView {
  return frames.reduce((now, frame) => {
    const applied = apply(now, frame);
    if (applied.kind !== "changed") throw new Error(`${frame.type}: ${applied.kind}`);
    return applied.view;
  }, view);
}

function progress(
  version: number,
  since: number,
  taps: Record<string, [number, number]>,
): ServerFrame {
  return { type: "progress", epoch: EPOCH, version, since, taps };
}

describe("a room", () => {
  it("of an organizer keeps a tenth, rounded down, from the first player on", () => {
    const empty = inRoom({ kind: "hero", stake: 25, pool: 0, prize: 0, players: [] });
    const joined = {
      type: "player_joined",
      epoch: EPOCH,
      version: 8,
      player: samplePlayer("3"),
    } as const;
    expect(after(empty, joined).room).toMatchObject({ pool: 25, prize: 23 });
  });

  it("is left as it is by reactions", () => {
    const reaction = { type: "reaction", from: "1", to: "2", emoji: "🔥" } as const;
    expect(apply(inRoom(), reaction).kind).toBe("same");
  });

  it("fills and empties, and the prize keeps its part of the pool", () => {
    const joined = after(inRoom(), {
      type: "player_joined",
      epoch: EPOCH,
      version: 8,
      player: samplePlayer("3"),
    });
    expect(joined.room).toMatchObject({ version: 8, pool: 150, prize: 135 });
    const left = after(joined, { type: "player_left", epoch: EPOCH, version: 9, user_id: "1" });
    expect(left.room.players.map(({ user_id }) => user_id)).toEqual(["2", "3"]);
    expect(left.room.pool).toBe(100);
  });

  it("goes through its whole life", () => {
    const playing = after(
      inRoom(),
      { type: "countdown", epoch: EPOCH, version: 8, starts_ms: 100 },
      { type: "started", epoch: EPOCH, version: 9, ends_ms: 160 },
      progress(10, 9, { "1": [20, 3] }),
      { type: "blocked", epoch: EPOCH, version: 11, user_id: "2", reason: "window" },
    );
    expect(playing.room).toMatchObject({ state: "playing", starts_ms: 100, ends_ms: 160 });
    expect(playing.room.players).toMatchObject([
      { user_id: "1", taps: 20, seq: 3 },
      { user_id: "2", state: "blocked" },
    ]);
    const standings = [
      { place: 1, user_id: "1", taps: 22, prize: 90 },
      { place: null, user_id: "2", taps: 4, prize: 0 },
    ];
    const finished = after(playing, {
      type: "finished",
      epoch: EPOCH,
      version: 12,
      winner: "1",
      prize: 90,
      standings,
    });
    expect(finished.outcome).toEqual({ winner: "1", prize: 90, standings, payout: null });
    const settled = after(finished, {
      type: "settled",
      room_id: sampleRoom().room_id,
      winner: "1",
      prize: 90,
      standings,
      payout: 90,
      balance: 1040,
    });
    expect(settled.outcome).toMatchObject({ winner: "1", payout: 90 });
  });

  it("has no winner where nobody tapped", () => {
    const finished = after(inRoom({ state: "playing" }), {
      type: "finished",
      epoch: EPOCH,
      version: 8,
      winner: null,
      prize: 0,
      standings: [
        { place: 1, user_id: "1", taps: 0, prize: 0 },
        { place: 2, user_id: "2", taps: 0, prize: 0 },
      ],
    });
    expect(finished.outcome?.winner).toBeNull();
  });

  it("says why it was cancelled where it saw that, and that it was where it did not", () => {
    const seen = after(inRoom(), {
      type: "cancelled",
      epoch: EPOCH,
      version: 8,
      reason: "not_enough_players",
      refund_due: 50,
    });
    expect(seen.cancelled).toEqual({
      reason: "not_enough_players",
      refundDue: 50,
      isRefunded: false,
    });
    expect(inRoom({ state: "cancelled" }).cancelled).toEqual({
      reason: null,
      refundDue: 50,
      isRefunded: false,
    });
  });

  it("unites progress over what is known, `since` being an older version", () => {
    expect(after(inRoom(), progress(12, 5, { "2": [9, 2] })).room.version).toBe(12);
  });

  it.each([
    ["progress since a version not seen", progress(10, 8, {})],
    [
      "an event after one not seen",
      { type: "player_left", epoch: EPOCH, version: 9, user_id: "2" },
    ],
    ["another epoch", { type: "started", epoch: "n.2", version: 8, ends_ms: 1 }],
    ["a version below", progress(6, 5, {})],
  ] satisfies [string, ServerFrame][])("sees a gap in %s", (_, frame) => {
    expect(apply(inRoom(), frame).kind).toBe("gap");
  });

  it("takes the same event once", () => {
    expect(apply(inRoom(), progress(7, 6, { "1": [99, 9] })).kind).toBe("same");
  });

  it("takes no events before its snapshot, and the snapshot whatever came before", () => {
    const opened = viewOf(sampleRoom(), null);
    expect(apply(opened, progress(8, 7, {})).kind).toBe("same");
    const room = sampleRoom({ version: 3 });
    const entered = after(opened, { type: "snapshot", room, epoch: "n.9", server_time_ms: 1 });
    expect(entered).toMatchObject({ epoch: "n.9", room: { version: 3 } });
  });

  it("ignores other rooms", () => {
    const room = sampleRoom({ room_id: "01abcdefghijklmn" });
    expect(apply(inRoom(), { type: "snapshot", room, epoch: EPOCH, server_time_ms: 1 }).kind).toBe(
      "same",
    );
  });
});

describe("the place in the running game", () => {
  const players = [
    samplePlayer("1", { taps: 5 }),
    samplePlayer("2", { taps: 9 }),
    samplePlayer("3", { taps: 5 }),
    samplePlayer("4", { taps: 50, state: "blocked" }),
  ];

  it("leaves blocked players out and shares places", () => {
    expect(players.map(({ user_id }) => livePlace(players, user_id))).toEqual([2, 1, 2, null]);
  });
});
