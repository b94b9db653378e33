import { describe, expect, it } from "vitest";
import { exampleCrowds, feePresets, readFee, shares, typedFee } from "./terms";

describe("the fee of a hero room", () => {
  it.each([
    ["1 000", "1000"],
    ["007", "7"],
    ["0", "0"],
    ["-5", "5"],
    ["50 ⭐", "50"],
    ["12345678901", "1234567"],
    ["fifty", ""],
  ])("typed as %j stays as %j", (text, kept) => {
    expect(typedFee(text)).toBe(kept);
  });

  it("is from 1 to what the server takes", () => {
    expect(readFee("", 100)).toEqual({ problem: "empty" });
    expect(readFee("0", 100)).toEqual({ problem: "tooSmall" });
    expect(readFee("1", 100)).toEqual({ fee: 1 });
    expect(readFee("100", 100)).toEqual({ fee: 100 });
    expect(readFee("101", 100)).toEqual({ problem: "tooBig" });
  });

  it("goes to the winner and the organizer, whose tenth is rounded down", () => {
    expect(shares(35, 3, 1000)).toEqual({ pool: 105, winner: 95, organizer: 10 });
    expect(shares(1, 2, 1000)).toEqual({ pool: 2, winner: 2, organizer: 0 });
    expect(shares(10_000, 50, 1000)).toEqual({ pool: 500_000, winner: 450_000, organizer: 50_000 });
  });

  it("is offered only as far as it is allowed", () => {
    expect(feePresets(100)).toEqual([20, 50, 100]);
    expect(feePresets(5)).toEqual([]);
  });

  it("is reckoned for as many as can play", () => {
    expect(exampleCrowds(50)).toEqual([2, 5, 10, 25, 50]);
    expect(exampleCrowds(3)).toEqual([2, 3]);
    expect(exampleCrowds(10)).toEqual([2, 5, 10]);
  });
});
