/** A bonus session for as long as a screen shows one: fed by the socket, refreshed by REST, kept over a reload. */
import { useCallback, useEffect, useState } from "react";
import * as z from "zod/mini";
import type { BonusRun } from "../protocol/generated";
import { useServices } from "../services/context";
import type { Services } from "../services/services";
import { forget, recall, remember } from "../state/storage";
import { type Loaded, useLoaded } from "../ui/use-loaded";
import { lookAtBonus } from "./bonus-api";
import { BonusSession } from "./bonus-session";

const KEY = "bonus";
const savedSchema = z.object({
  startedMs: z.int(),
  taps: z.object({
    nextSeq: z.int(),
    frames: z.array(z.object({ seq: z.int(), count: z.int(), timestamp: z.int() })),
  }),
});
/** Pings that are answered at once tell the server's clock; the quickest answer tells it best. */
const CLOCK_PINGS = 3;

export interface BonusOnScreen {
  readonly session: BonusSession;
  readonly loaded: Loaded<BonusRun | null>;
  readonly again: () => void;
}

export function useBonus(): BonusOnScreen {
  const services = useServices();
  const { api, frames, phase } = services;
  const load = useCallback(() => lookAtBonus(api.ask), [api]);
  const [loaded, again] = useLoaded(load);
  const [session] = useState(() => makeSession(services, again));

  useEffect(() => {
    if (loaded.name === "ready") session.show(loaded.value);
  }, [session, loaded]);

  useEffect(() => {
    const put = (): void => {
      const saved = session.stop();
      if (saved) remember(KEY, saved);
      else forget(KEY);
    };
    const onOnline = (): void => {
      if (phase.get().name !== "online") return;
      askTheTime(services);
      session.sendAgain();
      again();
    };
    const onHidden = (): void => {
      if (document.visibilityState === "hidden") put();
    };
    askTheTime(services);
    const forgetFrames = frames.subscribe((frame) => {
      session.onFrame(frame);
    });
    const forgetPhase = phase.subscribe(onOnline);
    // The page may be gone or frozen any moment after these.
    window.addEventListener("pagehide", put);
    document.addEventListener("visibilitychange", onHidden);
    return () => {
      put();
      forgetFrames();
      forgetPhase();
      window.removeEventListener("pagehide", put);
      document.removeEventListener("visibilitychange", onHidden);
    };
  }, [services, session, frames, phase, again]);

  return { session, loaded, again };
}

function makeSession(services: Services, onDoubt: () => void): BonusSession {
  const { clock, send } = services;
  const host = {
    send,
    now: () => clock.now(),
    onClock: () => {
      clock.release();
      askTheTime(services);
    },
    onDoubt,
  };
  return new BonusSession(host, recall(KEY, savedSchema));
}

function askTheTime({ send }: Services): void {
  for (let i = 0; i < CLOCK_PINGS; i++) send({ type: "ping", t: i });
}
