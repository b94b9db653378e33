import { useEffect, useState, useSyncExternalStore } from "react";
import type { Readable } from "./store";

/** The value of a store, and a new rendering whenever it changes. */
export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** What `select` makes of a store's value; rendered anew only when that changes, so it must not be made afresh. */
export function useSelected<T, S>(store: Readable<T>, select: (value: T) => S): S {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

/** The value of a store a task later: for what may follow a change, but must not make the task of that change longer. */
export function useSoon<T>(store: Readable<T>): T {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setValue(store.get);
      }, 0);
    };
    follow();
    const stop = store.subscribe(follow);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store]);
  return value;
}
