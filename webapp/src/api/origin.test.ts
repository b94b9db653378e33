import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("window", { location: { href: "https://play.example/?x#y" } });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("where the server is", () => {
  it("is where the page is", async () => {
    const { apiUrl, socketUrl } = await import("./origin");
    expect(apiUrl("/api/v1/me")).toBe("/api/v1/me");
    expect(socketUrl("/api/v1/ws")).toBe("wss://play.example/api/v1/ws");
  });

  it("is elsewhere if the build says so", async () => {
    vi.stubEnv("VITE_API_ORIGIN", "http://127.0.0.1:8001");
    const { apiUrl, socketUrl } = await import("./origin");
    expect(apiUrl("/api/v1/me")).toBe("http://127.0.0.1:8001/api/v1/me");
    expect(socketUrl("/api/v1/ws")).toBe("ws://127.0.0.1:8001/api/v1/ws");
  });
});
