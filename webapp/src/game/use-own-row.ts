/**
 * One's own row in the race, written past React: it changes with every tap, and a tap's task must be short.
 *
 * The row marks its number with `data-count` and its bar with `data-track`, and renders neither's value itself.
 */
import { type RefObject, useLayoutEffect, useRef } from "react";
import { useServices } from "../app/context";

export function useOwnRow(): RefObject<HTMLLIElement | null> {
  const { ownTaps } = useServices().room;
  const ref = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    const row = ref.current;
    const count = row?.querySelector("[data-count]");
    const track = row?.querySelector<HTMLElement>("[data-track]");
    if (!row || !count || !track) return;
    const write = (): void => {
      const taps = String(ownTaps.get());
      row.dataset.taps = taps;
      count.textContent = taps;
      track.style.setProperty("--taps", taps);
    };
    write();
    return ownTaps.subscribe(write);
  }, [ownTaps]);
  return ref;
}
