import { useEffect, useState } from "react";
import type { Tier } from "../protocol/generated";
import { useServices } from "../services/context";

const POLL_MS = 2000;

interface Tiers {
  /** Null until the first answer. */
  readonly tiers: readonly Tier[] | null;
  readonly isFailing: boolean;
}

/** The room cards with their live counts, asked for again and again while somebody is in and the page is looked at. */
export function useTiers(isIn: boolean): Tiers {
  const { api } = useServices();
  const [state, setState] = useState<Tiers>({ tiers: null, isFailing: false });
  useEffect(() => {
    if (!isIn) return;
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const tiers = await api.tiers();
        if (!isGone) setState({ tiers, isFailing: false });
      } catch {
        if (!isGone) setState(({ tiers }) => ({ tiers, isFailing: true }));
      }
      schedule();
    };
    const schedule = (): void => {
      if (isGone || document.visibilityState === "hidden") return;
      clearTimeout(timer);
      timer = setTimeout(() => void load(), POLL_MS);
    };
    const onVisible = (): void => {
      if (document.visibilityState === "visible") void load();
    };
    document.addEventListener("visibilitychange", onVisible);
    void load();
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [api, isIn]);
  return state;
}
