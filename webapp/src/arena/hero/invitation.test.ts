import { describe, expect, it } from "vitest";
import { invitationLink } from "./invitation";

describe("an invitation", () => {
  it("goes by the bot where there is one", () => {
    expect(invitationLink("0A1B2C3D4E", "chance_tap_bot", "https://play.example/")).toBe(
      "https://t.me/chance_tap_bot?start=0A1B2C3D4E",
    );
  });

  it("goes to the page else, and never carries the organizer's own launch data", () => {
    const page = "https://play.example/app/?x=1#tgWebAppData=secret";
    expect(invitationLink("0A1B2C3D4E", null, page)).toBe(
      "https://play.example/app/?tgWebAppStartParam=0A1B2C3D4E",
    );
  });
});
