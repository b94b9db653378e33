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
  onclose: ((event: { code: number }) => void) | null = null;
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

  let connection: Connection | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.made = [];
    vi.stubGlobal("window", browser);
    vi.stubGlobal("document", page);
    vi.stubGlobal("WebSocket", FakeSocket);
    return () => {
      connection?.stop();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  async function online() {
    let now: Phase["name"] = "idle";
    const welcomes: boolean[] = [];
    connection = new Connection({
      url: "ws://gateway",
      token: () => Promise.resolve("token"),
      listener: {
        onPhase: ({ name }) => {
          now = name;
        },
        onFrame: () => undefined,
        onWelcome: (_frame, _at, isFirst) => {
          welcomes.push(isFirst);
        },
      },
    });
    connection.start();
    await vi.advanceTimersByTimeAsync(0);
    const welcomed = (): FakeSocket => {
      const socket = FakeSocket.made.at(-1);
      if (!socket) throw new Error("no socket was made");
      socket.onopen?.();
      socket.receive(WELCOME);
      return socket;
    };
    return { socket: welcomed(), phase: () => now, welcomes, welcomed };
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
    // Asked again meanwhile, it does not get more time.
    await vi.advanceTimersByTimeAsync(1500);
    source.dispatchEvent(new Event(event));
    await vi.advanceTimersByTimeAsync(600);
    expect(phase()).not.toBe("online");
  });

  it("is cut as soon as the browser says that it is offline, and tries anew as soon as it is not", async () => {
    const { phase, welcomed } = await online();
    browser.dispatchEvent(new Event("offline"));
    expect(phase()).toBe("backoff");
    // What is tried while there is no network hangs, and is not waited for when there is one.
    await vi.advanceTimersByTimeAsync(300);
    expect([phase(), FakeSocket.made.length]).toEqual(["opening", 2]);
    browser.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.made).toHaveLength(3);
    welcomed();
    expect(phase()).toBe("online");
  });

  it.each([
    ["the network went", () => browser.dispatchEvent(new Event("offline"))],
    ["the server closed it", () => FakeSocket.made.at(-1)?.onclose?.({ code: 1006 })],
    ["the server was drained", () => FakeSocket.made.at(-1)?.onclose?.({ code: 4001 })],
  ])("knows that frames were missed when it is welcomed after %s", async (_, cut) => {
    const { welcomes, welcomed } = await online();
    for (let time = 0; time < 2; time++) {
      cut();
      await vi.advanceTimersByTimeAsync(300);
      welcomed();
    }
    expect(welcomes).toEqual([true, false, false]);
  });
});
