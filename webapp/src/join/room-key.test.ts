import { describe, expect, it } from "vitest";
import { readRoomKey, showRoomKey } from "./room-key";

describe("a room's key", () => {
  it.each(["0A1B2C3D4E", "0a1b2 c3d4e", " oaib2-c3d4e\n", "OALB2C3D4E"])(
    "is read from %j",
    (text) => {
      expect(readRoomKey(text)).toBe("0A1B2C3D4E");
    },
  );

  it.each(["", "0A1B2C3D4", "0A1B2C3D4EF", "0A1B2C3D4U", "ключключкл", "<b>0A1B2C</b>"])(
    "is not read from %j",
    (text) => {
      expect(readRoomKey(text)).toBeNull();
    },
  );

  it("is shown in two groups", () => {
    expect(showRoomKey("0A1B2C3D4E")).toBe("0A1B2 C3D4E");
  });
});
