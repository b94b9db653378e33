/** What happens and is then over, for whoever listens: the counterpart of a store, which has a value. */
export interface Events<T> {
  readonly subscribe: (listener: (event: T) => void) => () => void;
}

export interface EventSource<T> extends Events<T> {
  readonly emit: (event: T) => void;
}

export function createEvents<T>(): EventSource<T> {
  const listeners = new Set<(event: T) => void>();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}
