import { useCallback, useEffect, useState } from "react";
import { ApiError } from "../api/client";

export type Loaded<T> =
  | { readonly name: "loading" }
  /** `message` is the server's; null when it was out of reach. */
  | { readonly name: "failed"; readonly message: string | null }
  | { readonly name: "ready"; readonly value: T };

const LOADING = { name: "loading" } as const;

/**
 * What `load` brings, and a way to ask again.  What was shown stays until the new answer is here.
 *
 * `load` must be the same function for as long as it asks for the same thing.
 */
export function useLoaded<T>(load: () => Promise<T>): readonly [Loaded<T>, () => void] {
  const [state, setState] = useState<{ readonly of: unknown; readonly loaded: Loaded<T> }>({
    of: load,
    loaded: LOADING,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isGone = false;
    load().then(
      (value) => {
        if (!isGone) setState({ of: load, loaded: { name: "ready", value } });
      },
      (error: unknown) => {
        if (isGone) return;
        const message = error instanceof ApiError ? error.message : null;
        setState({ of: load, loaded: { name: "failed", message } });
      },
    );
    return () => {
      isGone = true;
    };
  }, [load, round]);
  const again = useCallback(() => {
    setRound((before) => before + 1);
  }, []);
  return [state.of === load ? state.loaded : LOADING, again];
}
