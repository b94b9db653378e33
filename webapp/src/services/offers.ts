/** What this server offers: what it does not, no screen shows.  Null until it has said so. */
import { call } from "../api/client";
import { API } from "../api/game-api";
import { type Offers, offersSchema } from "../protocol/generated";
import { createStore, type Readable } from "../state/store";

const RETRY_MS = 3000;

export function loadOffers(language: () => string): Readable<Offers | null> {
  const store = createStore<Offers | null>(null);
  const load = async (): Promise<void> => {
    try {
      store.set(
        await call({
          method: "GET",
          path: `${API}/offers`,
          answer: offersSchema,
          language: language(),
        }),
      );
    } catch {
      window.setTimeout(() => void load(), RETRY_MS);
    }
  };
  void load();
  return store;
}
