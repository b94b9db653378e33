import { useEffect, useState } from "react";
import type { ServerClock } from "../taps/clock";

/** Whole seconds until a moment of the server's clock, rounded up; rendered anew only when that number changes. */
export function useRemaining(clock: ServerClock, untilMs: number | null): number {
  const [seconds, setSeconds] = useState(() => Math.ceil(leftMs(clock, untilMs) / 1000));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = (): void => {
      const ms = leftMs(clock, untilMs);
      setSeconds(Math.ceil(ms / 1000));
      if (ms > 0) timer = setTimeout(tick, (ms % 1000) + 10);
    };
    timer = setTimeout(tick, 0);
    return () => {
      clearTimeout(timer);
    };
  }, [clock, untilMs]);
  return seconds;
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
