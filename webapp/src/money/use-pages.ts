import { useCallback, useState } from "react";
import { type Loaded, useLoaded } from "../ui/use-loaded";

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Pages<T> {
  readonly loaded: Loaded<Page<T>>;
  /** Null where there is nothing more, or it is on its way. */
  readonly more: (() => void) | null;
  /** From the newest on, anew. */
  readonly reload: () => void;
}

/** A list that comes in pages, newest first.  `load` must stay the same function. */
export function usePages<T>(load: (cursor: string | null) => Promise<Page<T>>): Pages<T> {
  const [further, setFurther] = useState<Page<T> | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const first = useCallback(() => load(null), [load]);
  const [loaded, again] = useLoaded(first);
  if (loaded.name !== "ready") return { loaded, more: null, reload: again };
  const items = further ? [...loaded.value.items, ...further.items] : loaded.value.items;
  const next = further ? further.next : loaded.value.next;
  const more = async (): Promise<void> => {
    setIsBusy(true);
    try {
      const page = await load(next);
      setFurther({ items: [...(further?.items ?? []), ...page.items], next: page.next });
    } catch {
      // The button is there still.
    }
    setIsBusy(false);
  };
  return {
    loaded: { name: "ready", value: { items, next } },
    more: next === null || isBusy ? null : () => void more(),
    reload: () => {
      setFurther(null);
      again();
    },
  };
}
