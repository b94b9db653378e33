/**
 * A list that the server gives in pages, newest first: as much of it as was asked for.
 *
 * Asking anew puts what is new on top and keeps what was loaded below, so that nobody loses the place they were at.
 */
import { createStore, type Readable } from "../state/store";
import { ApiError } from "./client";

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly next: string | null;
}

export interface Paged<T> {
  /** Null until the first page is here. */
  readonly items: readonly T[] | null;
  readonly isLoading: boolean;
  /** Why the latest page did not come; `message` is the server's, null when it was out of reach. */
  readonly failure: { readonly message: string | null } | null;
  readonly isComplete: boolean;
}

export class PagedList<T> {
  private readonly fetchPage: (cursor: string | null) => Promise<Page<T>>;
  private readonly idOf: (item: T) => string;
  private readonly store = createStore<Paged<T>>({
    items: null,
    isLoading: false,
    failure: null,
    isComplete: false,
  });
  private cursor: string | null = null;
  private loading: Promise<void> | null = null;

  constructor(fetchPage: (cursor: string | null) => Promise<Page<T>>, idOf: (item: T) => string) {
    this.fetchPage = fetchPage;
    this.idOf = idOf;
  }

  get state(): Readable<Paged<T>> {
    return this.store;
  }

  /** The first page, or the one after the last that is here. */
  more(): Promise<void> {
    const { items, isComplete } = this.store.get();
    if (isComplete) return Promise.resolve();
    return this.load(items === null ? null : this.cursor, (page) => {
      this.put([...(items ?? []), ...page.items], page.next);
    });
  }

  /** The first page anew. */
  refresh(): Promise<void> {
    return this.load(null, (page) => {
      const fresh = new Set(page.items.map(this.idOf));
      const older = (this.store.get().items ?? []).filter((item) => !fresh.has(this.idOf(item)));
      // Without one that both know, there is a hole between them: then the old ones come again, page by page.
      const isJoined = older.length < (this.store.get().items?.length ?? 0);
      if (isJoined) this.put([...page.items, ...older], this.cursor);
      else this.put(page.items, page.next);
    });
  }

  private load(cursor: string | null, take: (page: Page<T>) => void): Promise<void> {
    this.loading ??= this.fetch(cursor, take).finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async fetch(cursor: string | null, take: (page: Page<T>) => void): Promise<void> {
    this.store.set({ ...this.store.get(), isLoading: true, failure: null });
    try {
      take(await this.fetchPage(cursor));
    } catch (error) {
      const message = error instanceof ApiError ? error.message : null;
      this.store.set({ ...this.store.get(), isLoading: false, failure: { message } });
    }
  }

  private put(items: readonly T[], next: string | null): void {
    this.cursor = next;
    this.store.set({ items, isLoading: false, failure: null, isComplete: next === null });
  }
}
