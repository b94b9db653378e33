import { describe, expect, it } from "vitest";
import { friendly, short } from "./address";
import { formatCoins, payInFor, readStars, roughCoins, typedCoins } from "./amounts";

describe("amounts", () => {
  it("pay in what is missing, at least the smallest payment", () => {
    const bounds = { min: 10, max: 1000 };
    expect([payInFor(400, bounds), payInFor(3, bounds), payInFor(1000, bounds)]).toEqual([
      400, 10, 1000,
    ]);
    expect(payInFor(1001, bounds)).toBeNull();
  });

  it.each([
    ["100", 100],
    ["1 000", 1000],
    ["0", 0],
    ["", null],
    ["1.5", null],
    ["-5", null],
    ["1e3", null],
    ["٣", null],
    ["9999999999", null],
  ])("read %j as %j", (text, stars) => {
    expect(readStars(text)).toBe(stars);
  });

  it.each([
    [1_300_000_000, "1.3", "1,3"],
    [1, "0.000000001", "0,000000001"],
    [0, "0", "0"],
    [5_000_000_000, "5", "5"],
    [1_200_000_000_000_010, "1,200,000.00000001", "1\u00a0200\u00a0000,00000001"],
  ])("write %i nanotons exactly", (nano, en, ru) => {
    expect(formatCoins(nano, "en")).toBe(en);
    expect(formatCoins(nano, "ru")).toBe(ru);
  });

  it("are estimated to three digits", () => {
    expect(roughCoins(120 * 3_996_004, "ru")).toBe("0,48");
    expect(roughCoins(10_000 * 3_996_004, "en")).toBe("40");
    expect(roughCoins(1_234_567, "en")).toBe("0.00123");
  });

  it("are copied as a wallet's field takes them", () => {
    expect(typedCoins(1_234_560_000_000)).toBe("1234.56");
    expect(typedCoins(2_000_000_000)).toBe("2");
  });
});

describe("addresses", () => {
  // The elector's; what another library makes of it.
  const ELECTOR = `-1:${"3".repeat(64)}`;

  it("are shown as wallets show them", () => {
    expect(friendly(ELECTOR, "mainnet")).toBe("Uf8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMxYA");
    expect(friendly("0:" + "0".repeat(64), "mainnet")).toBe(
      "UQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJKZ",
    );
    expect(friendly(ELECTOR, "testnet")).toBe("0f8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM62K");
    expect(friendly("nonsense", "mainnet")).toBe("nonsense");
  });

  it("are shortened to what one knows them by", () => {
    expect(short("UQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJKZ")).toBe("UQAA…\u2060AJKZ");
  });
});
