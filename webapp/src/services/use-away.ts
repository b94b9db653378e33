import { useEffect, useState } from "react";
import { useStore } from "../state/use-store";
import { useServices } from "./context";

/** A reconnect that takes less than this is nobody's concern. */
const PATIENCE_MS = 700;

/** Why there is no connection, once that has lasted; null while there is one, or where it will not come back. */
export function useAway(): "lost" | "drained" | null {
  const phase = useStore(useServices().phase);
  const isAway = phase.name === "opening" || phase.name === "greeting" || phase.name === "backoff";
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (!isAway) return;
    const timer = setTimeout(() => {
      setIsLong(true);
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [isAway]);
  if (!isAway || !isLong) return null;
  return phase.isDrained ? "drained" : "lost";
}
