/** Drives `key-entry`: asks the server about whole keys, keeps what it found fresh, waits out the limit on guessing. */
import { useEffect, useReducer } from "react";
import { ApiError } from "../api/client";
import { useServices } from "../services/context";
import { lookUpRoom } from "./create-api";
import { type KeyEntry, type KeyInput, type Refusal, startKeyEntry, step } from "./key-entry";

/** Who sits there changes by the second; a look-up that finds a room does not count as a guess. */
const REFRESH_MS = 3000;
const LIMITED_MS = 5000;

export function useKeyEntry(initial: string): readonly [KeyEntry, (input: KeyInput) => void] {
  const { api } = useServices();
  const [entry, send] = useReducer(step, initial, startKeyEntry);
  const { look } = entry;
  const key = look.name === "typing" ? null : look.key;
  const isLooking = look.name === "looking";
  const isFound = look.name === "found";
  const againAtMs =
    look.name === "refused" && look.refusal.kind === "limited" ? look.refusal.againAtMs : null;

  useEffect(() => {
    if (key === null || (!isLooking && !isFound)) return;
    let isGone = false;
    let timer: number | undefined;
    const ask = async (): Promise<void> => {
      try {
        const room = await lookUpRoom(api.ask, key);
        if (!isGone) send({ type: "found", key, room });
      } catch (error) {
        if (!isGone) send({ type: "refused", key, refusal: refusalOf(error) });
      }
      if (!isGone && isFound) timer = window.setTimeout(() => void ask(), REFRESH_MS);
    };
    timer = window.setTimeout(() => void ask(), isFound ? REFRESH_MS : 0);
    return () => {
      isGone = true;
      window.clearTimeout(timer);
    };
  }, [api, key, isLooking, isFound]);

  useEffect(() => {
    if (againAtMs === null) return;
    const timer = window.setTimeout(() => {
      send({ type: "again" });
    }, againAtMs - Date.now());
    return () => {
      window.clearTimeout(timer);
    };
  }, [againAtMs]);

  return [entry, send];
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ApiError) || error.status >= 500) return { kind: "unreachable" };
  switch (error.code) {
    case "not_found":
      return { kind: "unknown" };
    case "rate_limited":
      return { kind: "limited", againAtMs: Date.now() + (error.retryAfterMs ?? LIMITED_MS) };
    default:
      return { kind: "refused", message: error.message };
  }
}
