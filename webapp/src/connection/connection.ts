/**
 * Drives the state machine with a real WebSocket, timers and the browser's own signals.
 *
 * Owns the one socket of the page.  Never interprets a frame beyond `welcome` and the heartbeat.
 */
import { parseServerFrame } from "../protocol/frames";
import type { ClientFrame, ServerFrame, Welcome } from "../protocol/generated";
import { type Effect, IDLE, type Input, type Phase, step } from "./machine";

/** How long a socket may take to open and to be welcomed. */
const GREETING_TIMEOUT_MS = 6000;
/** How much later than a heartbeat a sign of life may come. */
const HEARTBEAT_GRACE_MS = 4000;
const PROBE_TIMEOUT_MS = 2000;

export interface ConnectionListener {
  readonly onPhase: (phase: Phase) => void;
  readonly onFrame: (frame: Exclude<ServerFrame, Welcome>, receivedAt: number) => void;
  /** `isFirst`: of this page; between this one and the one before it frames were missed. */
  readonly onWelcome: (frame: Welcome, receivedAt: number, isFirst: boolean) => void;
}

export interface ConnectionOptions {
  readonly url: string;
  /** A token that still has life in it; may ask the server for one. */
  readonly token: () => Promise<string>;
  readonly listener: ConnectionListener;
}

export class Connection {
  private readonly options: ConnectionOptions;
  private phase: Phase = IDLE;
  private socket: WebSocket | null = null;
  private token = "";
  private retryTimer: number | undefined;
  private silenceTimer: number | undefined;
  private pingTimer: number | undefined;
  private heartbeatMs = 0;
  private wasWelcomed = false;
  private isProbing = false;

  constructor(options: ConnectionOptions) {
    this.options = options;
    // Another network, or a page that slept: what was waiting goes on, and what seemed to be online may be dead.
    window.addEventListener("online", () => {
      this.feed({ type: "network" });
      this.probe();
    });
    // A socket would be quiet about it for long; should the browser err, the next one opens at once.
    window.addEventListener("offline", () => {
      this.feed({ type: "silent" });
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      this.feed({ type: "retry" });
      this.probe();
    });
  }

  start(): void {
    this.feed({ type: "start" });
  }

  stop(): void {
    this.feed({ type: "stop" });
  }

  /** Whether the frame was handed to an open socket; not whether it arrived. */
  send(frame: ClientFrame): boolean {
    if (this.phase.name !== "online" || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Something that should have been answered was not: hear from the server soon, or connect anew. */
  probe(): void {
    // Asked once more, it would wait once more.
    if (this.isProbing || !this.send({ type: "ping", t: "probe" })) return;
    this.isProbing = true;
    this.listenFor(PROBE_TIMEOUT_MS);
  }

  private feed(input: Input): void {
    const before = this.phase;
    const next = step(before, input, Math.random());
    this.phase = next.phase;
    for (const effect of next.effects) this.perform(effect);
    if (this.phase !== before) this.options.listener.onPhase(this.phase);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case "open":
        void this.open();
        break;
      case "hello":
        this.socket?.send(
          JSON.stringify({ type: "hello", token: this.token } satisfies ClientFrame),
        );
        break;
      case "close":
        this.drop();
        break;
      case "wait":
        this.retryTimer = window.setTimeout(() => {
          this.feed({ type: "retry" });
        }, effect.ms);
        break;
    }
  }

  private async open(): Promise<void> {
    window.clearTimeout(this.retryTimer);
    const phase = this.phase;
    this.listenFor(GREETING_TIMEOUT_MS);
    try {
      this.token = await this.options.token();
    } catch {
      if (this.phase === phase) this.feed({ type: "silent" });
      return;
    }
    if (this.phase !== phase) return;
    const socket = new WebSocket(this.options.url);
    this.socket = socket;
    // A socket that was replaced may still speak: only the present one is heard.
    const isPresent = (): boolean => this.socket === socket;
    socket.onopen = () => {
      if (isPresent()) this.feed({ type: "opened" });
    };
    socket.onclose = (event) => {
      if (isPresent()) this.feed({ type: "closed", code: event.code });
    };
    socket.onmessage = (event) => {
      if (isPresent()) this.receive(event.data, performance.now());
    };
  }

  private receive(data: unknown, receivedAt: number): void {
    this.isProbing = false;
    const frame = parseServerFrame(data);
    if (frame?.type === "welcome") {
      this.heartbeatMs = frame.heartbeat_ms;
      this.feed({ type: "welcomed" });
      this.beat();
      const isFirst = !this.wasWelcomed;
      this.wasWelcomed = true;
      this.options.listener.onWelcome(frame, receivedAt, isFirst);
    } else if (frame) {
      this.options.listener.onFrame(frame, receivedAt);
    }
    if (this.phase.name === "online") this.listenFor(this.heartbeatMs + HEARTBEAT_GRACE_MS);
  }

  private beat(): void {
    window.clearInterval(this.pingTimer);
    this.pingTimer = window.setInterval(() => {
      this.send({ type: "ping", t: 0 });
    }, this.heartbeatMs);
  }

  private listenFor(ms: number): void {
    window.clearTimeout(this.silenceTimer);
    this.silenceTimer = window.setTimeout(() => {
      this.feed({ type: "silent" });
    }, ms);
  }

  private drop(): void {
    window.clearTimeout(this.silenceTimer);
    window.clearTimeout(this.retryTimer);
    window.clearInterval(this.pingTimer);
    this.isProbing = false;
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }
}
