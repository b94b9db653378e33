/**
 * The socket's life as one pure state machine: an input gives the next phase and what to do.
 *
 * Owns when to connect, when to come back and when not to.  Knows no socket, no timer and no clock.
 */

/** Close codes from here on mean "do not connect again"; below, "connect again". */
export const FINAL_CLOSE_CODES = 4500;
export const LAST_CLOSE_CODE = 4999;
const CLOSE_DRAINING = 4001;
/** The waits between attempts; the last one repeats. */
export const BACKOFF_MS = [200, 1000, 2000, 5000] as const;
/** A wait is spread over this part of itself, so that a restarted gateway is not met by everyone at once. */
const JITTER = 0.4;

/** `isDrained`: the server sent everybody elsewhere, so that this is no fault of the network. */
interface Attempt {
  readonly attempt: number;
  readonly isDrained: boolean;
}

export type Phase =
  | { readonly name: "idle" }
  | ({ readonly name: "opening" } & Attempt)
  | ({ readonly name: "greeting" } & Attempt)
  | { readonly name: "online" }
  | ({ readonly name: "backoff" } & Attempt)
  | { readonly name: "ended"; readonly code: number };

export type Input =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "opened" }
  | { readonly type: "welcomed" }
  | { readonly type: "closed"; readonly code: number }
  /** Nothing came in time: neither an open socket, nor a welcome, nor a heartbeat. */
  | { readonly type: "silent" }
  /** The wait is over, or the page is looked at again. */
  | { readonly type: "retry" }
  /** The network is back, or another one: what was tried over the one before may hang for long. */
  | { readonly type: "network" };

export type Effect =
  | { readonly type: "open" }
  | { readonly type: "hello" }
  | { readonly type: "close" }
  | { readonly type: "wait"; readonly ms: number };

export interface Step {
  readonly phase: Phase;
  readonly effects: readonly Effect[];
}

export const IDLE: Phase = { name: "idle" };
const FIRST: Attempt = { attempt: 0, isDrained: false };

/** `random` is in [0, 1). */
export function step(phase: Phase, input: Input, random: number): Step {
  switch (input.type) {
    case "start":
      return phase.name === "idle" || phase.name === "ended" ? open(FIRST) : stay(phase);
    case "stop":
      return { phase: IDLE, effects: [{ type: "close" }] };
    case "opened":
      return phase.name === "opening"
        ? {
            phase: { ...phase, name: "greeting" },
            effects: [{ type: "hello" }],
          }
        : stay(phase);
    case "welcomed":
      return phase.name === "greeting" ? { phase: { name: "online" }, effects: [] } : stay(phase);
    case "closed":
      if (!isUp(phase)) return stay(phase);
      return input.code >= FINAL_CLOSE_CODES && input.code <= LAST_CLOSE_CODE
        ? { phase: { name: "ended", code: input.code }, effects: [{ type: "close" }] }
        : backOff(phase, input.code === CLOSE_DRAINING, random);
    case "silent":
      return isUp(phase) ? backOff(phase, false, random) : stay(phase);
    case "retry":
      return phase.name === "backoff" ? open(phase) : stay(phase);
    case "network": {
      if (phase.name !== "opening" && phase.name !== "greeting" && phase.name !== "backoff") {
        return stay(phase);
      }
      const opened = open(phase);
      return { ...opened, effects: [{ type: "close" }, ...opened.effects] };
    }
  }
}

export function backoffMs(attempt: number, random: number): number {
  const base = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? BACKOFF_MS[0];
  return Math.round(base * (1 + JITTER * (random - 0.5)));
}

type Up = Extract<Phase, { name: "opening" | "greeting" | "online" }>;

function isUp(phase: Phase): phase is Up {
  return phase.name === "opening" || phase.name === "greeting" || phase.name === "online";
}

function stay(phase: Phase): Step {
  return { phase, effects: [] };
}

function open({ attempt, isDrained }: Attempt): Step {
  return { phase: { name: "opening", attempt, isDrained }, effects: [{ type: "open" }] };
}

function backOff(phase: Up, isDrained: boolean, random: number): Step {
  const attempt = phase.name === "online" ? 0 : phase.attempt;
  return {
    phase: { name: "backoff", attempt: attempt + 1, isDrained },
    effects: [{ type: "close" }, { type: "wait", ms: backoffMs(attempt, random) }],
  };
}
