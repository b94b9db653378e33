/** What survives a reload of this tab, and only that.  A page may be denied storage: then nothing survives. */
import type * as z from "zod/mini";

const PREFIX = "chance-tap.";

/** Null where nothing was kept, or where an older build kept something else. */
export function recall<S extends z.ZodMiniType>(key: string, schema: S): z.output<S> | null {
  try {
    const parsed = schema.safeParse(JSON.parse(sessionStorage.getItem(PREFIX + key) ?? "null"));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Full or denied: the page works without.
  }
}

export function forget(key: string): void {
  try {
    sessionStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was kept.
  }
}
