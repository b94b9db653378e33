import { useCallback, useEffect, useState } from "react";
import { type Paged, PagedList } from "../api/paged-list";
import { useStore } from "../state/use-store";
import { useReturn } from "./use-return";

export interface UsedPages<T> {
  readonly list: PagedList<T>;
  readonly paged: Paged<T>;
  /** The newest anew; what was loaded below stays. */
  readonly refresh: () => void;
  readonly more: () => void;
}

/** A list in pages for as long as the screen stands: loaded at once, and anew when the page is looked at again. */
export function usePaged<T>(make: () => PagedList<T>): UsedPages<T> {
  const [list] = useState(make);
  const paged = useStore(list.state);
  const refresh = useCallback(() => {
    void list.refresh();
  }, [list]);
  const more = useCallback(() => {
    void list.more();
  }, [list]);
  useEffect(refresh, [refresh]);
  useReturn(refresh);
  return { list, paged, refresh, more };
}
