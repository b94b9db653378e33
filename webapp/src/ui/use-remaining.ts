import { useEffect, useState } from "react";
import type { ServerClock } from "../taps/clock";

const GUESS_MS = 1000;

/** Whole seconds until a moment of the server's clock, rounded up; rendered anew only when that number changes. */
export function useRemaining(clock: ServerClock, untilMs: number | null): number {
  const [seconds, setSeconds] = useState(() => Math.ceil(leftMs(clock, untilMs) / 1000));
  useEffect(() => countDown(clock, untilMs, setSeconds), [clock, untilMs]);
  return seconds;
}

/** Reports the whole seconds that remain, now and whenever they change; returns what stops it. */
export function countDown(
  clock: ServerClock,
  untilMs: number | null,
  report: (seconds: number) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const tick = (): void => {
    const ms = leftMs(clock, untilMs);
    report(Math.ceil(ms / 1000));
    if (ms > 0) timer = setTimeout(tick, (ms % 1000) + 10);
    // Over by a clock that may be hours ahead: the server's first word may bring the time back.
    else if (untilMs !== null && clock.isGuess) timer = setTimeout(tick, GUESS_MS);
  };
  timer = setTimeout(tick, 0);
  return () => {
    clearTimeout(timer);
  };
}

export function formatSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function leftMs(clock: ServerClock, untilMs: number | null): number {
  return untilMs === null ? 0 : Math.max(0, untilMs - clock.now());
}

/** Whether a moment of the server's clock has passed; rendered anew when it does. */
export function usePassed(clock: ServerClock, atMs: number | null): boolean {
  return useRemaining(clock, atMs) === 0 && atMs !== null;
}
