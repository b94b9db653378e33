import { useEffect } from "react";

/** Calls `back` whenever the page is looked at again after it was not.  `back` must keep its identity. */
export function useReturn(back: () => unknown): void {
  useEffect(() => {
    const onChange = (): void => {
      if (document.visibilityState === "visible") back();
    };
    document.addEventListener("visibilitychange", onChange);
    return () => {
      document.removeEventListener("visibilitychange", onChange);
    };
  }, [back]);
}
