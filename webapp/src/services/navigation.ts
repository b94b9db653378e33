/**
 * Where in the lobby the player is.  Rooms are no places: being in one shows it over whatever place there is.
 *
 * Kept in the browser's own history, so that a reload stays, the browser's back button works, and Telegram's back
 * button does the same.  Owns nothing of what a place shows.
 */
import * as z from "zod/mini";
import { createStore, type Readable } from "../state/store";

const placeSchema = z.object({
  name: z.enum([
    "home",
    "leaderboard",
    "profile",
    "create",
    // From Create.
    "makeRoom",
    "enterByKey",
    // From Home.
    "bonus",
    // From the profile.
    "history",
    "game",
    "notices",
    "referrals",
    "account",
    // Money.
    "deposit",
    "withdraw",
    "payments",
    "statement",
    "limits",
  ]),
  /** The room of `game`, the key of `enterByKey`. */
  id: z.optional(z.string()),
});
export type Place = z.infer<typeof placeSchema>;

const entrySchema = z.object({ place: placeSchema, depth: z.int() });
type Entry = z.infer<typeof entrySchema>;

const HOME: Entry = { place: { name: "home" }, depth: 0 };

export class Navigation {
  private readonly store = createStore<Entry>(HOME);
  private readonly placeStore = createStore<Place>(HOME.place);

  constructor() {
    this.read(window.history.state);
    window.addEventListener("popstate", (event) => {
      this.read(event.state);
      window.scrollTo(0, 0);
    });
  }

  get place(): Readable<Place> {
    return this.placeStore;
  }

  /** One of the bottom menu: Home lies under each of them, and none of them lies on another. */
  goToTab(name: Place["name"]): void {
    const { depth } = this.store.get();
    if (name === "home") {
      if (depth > 0) window.history.go(-depth);
      return;
    }
    if (depth === 0) this.push({ name });
    else if (depth === 1) this.put("replaceState", { place: { name }, depth });
    else {
      // The way back to the tab is taken by the browser, in its own time.
      window.addEventListener(
        "popstate",
        () => {
          this.put("replaceState", { place: { name }, depth: 1 });
        },
        { once: true },
      );
      window.history.go(1 - depth);
    }
  }

  go(place: Place): void {
    this.push(place);
  }

  /** What is shown stays where it is, and is remembered differently: by a reload, and by whoever comes back to it. */
  amend(place: Place): void {
    window.history.replaceState({ place, depth: this.store.get().depth } satisfies Entry, "");
  }

  /** One step towards Home. */
  back(): void {
    if (this.store.get().depth > 0) window.history.back();
  }

  private push(place: Place): void {
    this.put("pushState", { place, depth: this.store.get().depth + 1 });
  }

  private put(how: "pushState" | "replaceState", entry: Entry): void {
    window.history[how](entry, "");
    this.show(entry);
    window.scrollTo(0, 0);
  }

  private read(state: unknown): void {
    const entry = entrySchema.safeParse(state);
    this.show(entry.success ? entry.data : HOME);
  }

  private show(entry: Entry): void {
    this.store.set(entry);
    this.placeStore.set(entry.place);
  }
}
