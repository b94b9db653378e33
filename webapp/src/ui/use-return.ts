import { useEffect } from "react";
import { useServices } from "../services/context";

/**
 * Calls `back` whenever the page is looked at again after it was not, or hears from the server again after it did not.
 * `back` must keep its identity.
 */
export function useReturn(back: () => unknown): void {
  const { missed } = useServices();
  useEffect(() => {
    const onChange = (): void => {
      if (document.visibilityState === "visible") back();
    };
    document.addEventListener("visibilitychange", onChange);
    const forgetMissed = missed.subscribe(() => {
      back();
    });
    return () => {
      document.removeEventListener("visibilitychange", onChange);
      forgetMissed();
    };
  }, [back, missed]);
}
