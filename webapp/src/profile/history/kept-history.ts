/** The list of games while the player looks at one of them: coming back, they are where they were. */
import type { PagedList } from "../../api/paged-list";
import type { Game } from "../../protocol/generated";

interface Kept {
  readonly list: PagedList<Game>;
  readonly scrollY: number;
}

let kept: Kept | null = null;

export function keepHistory(list: PagedList<Game>): void {
  kept = { list, scrollY: window.scrollY };
}

export function keptHistory(): Kept | null {
  return kept;
}

export function forgetHistory(): void {
  kept = null;
}
