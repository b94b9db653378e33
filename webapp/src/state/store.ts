/** The smallest observable value: what is not React keeps its state in these, React reads it with `useStore`. */

export interface Readable<T> {
  readonly get: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

export interface Store<T> extends Readable<T> {
  readonly set: (value: T) => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Calls `listener` with the value there is and with each one after it, until what it returns is called. */
export function follow<T>(store: Readable<T>, listener: (value: T) => void): () => void {
  const notify = (): void => {
    listener(store.get());
  };
  notify();
  return store.subscribe(notify);
}
