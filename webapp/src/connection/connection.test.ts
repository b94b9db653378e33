import { beforeEach, describe, expect, it, vi } from "vitest";
import { Connection } from "./connection";
import type { Phase } from "./machine";

const WELCOME = {
  type: "welcome",
  user_id: "7",
  server_time_ms: 1_000_000,
  heartbeat_ms: 25_000,
  room_id: null,
};

/** A socket that opens and sends where the test says so. */
class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readonly readyState = FakeSocket.OPEN;
  readonly sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    FakeSocket.made.push(this);
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.onmessage = null;
  }

  receive(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

describe("a connection", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const browser = Object.assign(new EventTarget(), {
    setTimeout: (run: () => void, ms: number) => setTimeout(run, ms),
    clearTimeout: (timer: ReturnType<typeof setTimeout>) => {
      clearTimeout(timer);
    },
    setInterval: (run: () => void, ms: number) => setInterval(run, ms),
    clearInterval: (timer: ReturnType<typeof setInterval>) => {
      clearInterval(timer);
    },
  });

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.made = [];
    vi.stubGlobal("window", browser);
    vi.stubGlobal("document", page);
    vi.stubGlobal("WebSocket", FakeSocket);
    return () => {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  async function online(): Promise<{ socket: FakeSocket; phase: () => Phase["name"] }> {
    let now: Phase["name"] = "idle";
    const connection = new Connection({
      url: "ws://gateway",
      token: () => Promise.resolve("token"),
      listener: {
        onPhase: ({ name }) => {
          now = name;
        },
        onFrame: () => undefined,
        onWelcome: () => undefined,
      },
    });
    connection.start();
    await vi.advanceTimersByTimeAsync(0);
    const socket = FakeSocket.made[0];
    if (!socket) throw new Error("no socket was made");
    socket.onopen?.();
    socket.receive(WELCOME);
    return { socket, phase: () => now };
  }

  it.each([
    ["the network came back", browser, "online"],
    ["the page is looked at again", page, "visibilitychange"],
  ])("does not trust a line that was up before %s", async (_, source, event) => {
    const { socket, phase } = await online();
    const pings = (): number => socket.sent.filter((data) => data.includes("ping")).length;

    source.dispatchEvent(new Event(event));
    expect(pings()).toBe(1);
    socket.receive({ type: "pong", t: "probe", server_time_ms: 1_000_100 });
    await vi.advanceTimersByTimeAsync(2500);
    expect(phase()).toBe("online");

    source.dispatchEvent(new Event(event));
    await vi.advanceTimersByTimeAsync(2100);
    expect(phase()).not.toBe("online");
  });
});
