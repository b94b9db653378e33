import { useSyncExternalStore } from "react";
import type { Readable } from "./store";

/** The value of a store, and a new rendering whenever it changes. */
export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** What `select` makes of a store's value; rendered anew only when that changes, so it must not be made afresh. */
export function useSelected<T, S>(store: Readable<T>, select: (value: T) => S): S {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
