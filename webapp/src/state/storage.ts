/** What survives a reload, and only that.  A page may be denied storage: then nothing survives. */
import type * as z from "zod/mini";

const PREFIX = "chance-tap.";

interface Shelf {
  /** Null where nothing was kept, or where an older build kept something else. */
  readonly recall: <S extends z.ZodMiniType>(key: string, schema: S) => z.output<S> | null;
  readonly remember: (key: string, value: unknown) => void;
  readonly forget: (key: string) => void;
}

/** `storage` is asked for anew each time: where it is denied, even naming it may throw. */
function shelf(storage: () => Storage): Shelf {
  return {
    recall: (key, schema) => {
      try {
        const parsed = schema.safeParse(JSON.parse(storage().getItem(PREFIX + key) ?? "null"));
        return parsed.success ? parsed.data : null;
      } catch {
        return null;
      }
    },
    remember: (key, value) => {
      try {
        storage().setItem(PREFIX + key, JSON.stringify(value));
      } catch {
        // Full or denied: the page works without.
      }
    },
    forget: (key) => {
      try {
        storage().removeItem(PREFIX + key);
      } catch {
        // Nothing was kept.
      }
    },
  };
}

/** For as long as this tab lives. */
export const { recall, remember, forget } = shelf(() => sessionStorage);

/** For longer, and for every tab: whoever plays here next reads it too, so a key names whose it is. */
export const device = shelf(() => localStorage);
