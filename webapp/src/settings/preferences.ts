/** What this device should do, whoever plays on it: kept in localStorage, where there is one. */
import * as z from "zod/mini";
import { createStore, type Readable } from "../state/store";

const preferencesSchema = z.object({ sound: z.boolean(), haptics: z.boolean() });
export type Preferences = z.infer<typeof preferencesSchema>;

const KEY = "chance-tap.preferences";
const DEFAULT: Preferences = { sound: true, haptics: true };

export class PreferenceStore {
  private readonly store = createStore<Preferences>(read());

  get current(): Readable<Preferences> {
    return this.store;
  }

  change(changes: Partial<Preferences>): void {
    const next = { ...this.store.get(), ...changes };
    this.store.set(next);
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Full or denied: it holds until the page goes.
    }
  }
}

function read(): Preferences {
  try {
    const kept = preferencesSchema.safeParse(JSON.parse(localStorage.getItem(KEY) ?? "null"));
    return kept.success ? kept.data : DEFAULT;
  } catch {
    return DEFAULT;
  }
}
