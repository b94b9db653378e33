import { describe, expect, it } from "vitest";
import type { Room } from "../protocol/generated";
import { cancellationNotice, leftNotice } from "./room-notices";

const ROOM = { organizer_id: "1" } as Room;

describe("what is said of a room that ends before its game", () => {
  it("names its cause to a player, and nobody where an operator or a fault ended it", () => {
    const said = (reason: Parameters<typeof cancellationNotice>[1]): string =>
      cancellationNotice(ROOM, reason, "2");
    expect(said("not_enough_players")).toBe("notice.notEnoughPlayers");
    expect(said("not_started")).toBe("notice.notStarted");
    expect(said("organizer_left")).toBe("notice.organizerLeft");
    expect(said("operator")).toBe("notice.cancelled");
    expect(said("outage")).toBe("notice.cancelled");
    expect(said(null)).toBe("notice.cancelled");
  });

  it("speaks of no stake to the organizer, who has none", () => {
    expect(cancellationNotice(ROOM, "not_started", "1")).toBe("notice.ownExpired");
    expect(cancellationNotice(ROOM, "organizer_left", "1")).toBe("notice.ownClosing");
    expect(leftNotice(ROOM, "1", true)).toBe("notice.ownClosed");
    expect(leftNotice(ROOM, "2", true)).toBe("notice.left");
  });

  it("says that a stake is back once the answer does, not before", () => {
    expect(leftNotice(ROOM, "1", false)).toBe("notice.ownClosing");
    expect(leftNotice(ROOM, "2", false)).toBe("notice.leaving");
  });
});
