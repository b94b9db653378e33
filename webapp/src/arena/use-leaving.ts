import { useCallback, useEffect, useState } from "react";
import { useServices } from "../services/context";

export interface Leaving {
  readonly leave: () => void;
  /** The stake is on its way back. */
  readonly isLeaving: boolean;
}

/** Leaving a room that waits, by its own button or by Telegram's. */
export function useLeaving(): Leaving {
  const { telegram, leaveRoom } = useServices();
  const [isLeaving, setIsLeaving] = useState(false);
  const leave = useCallback((): void => {
    // Telegram's button cannot be disabled.
    if (isLeaving) return;
    setIsLeaving(true);
    void leaveRoom().finally(() => {
      setIsLeaving(false);
    });
  }, [leaveRoom, isLeaving]);
  useEffect(() => telegram.onBack(leave), [telegram, leave]);
  return { leave, isLeaving };
}
