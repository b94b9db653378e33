/**
 * Where in the lobby the player is.  Rooms are no places: being in one shows it over whatever place there is.
 *
 * A command shows its place at once; the browser's own history follows, so that a reload stays, the browser's back
 * button works, and Telegram's back button does the same.  Owns nothing of what a place shows.
 *
 * The browser goes back in its own time and says so with `popstate`.  Until it has, nothing else may be written: what
 * was wanted meanwhile waits, and the last wish is the one that counts.
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

/** The places that lie over Home, the shown one last: each entry of the history has them all. */
type Path = readonly Place[];

const entrySchema = z.object({ path: z.array(placeSchema) });

const HOME: Place = { name: "home" };

export type Step =
  | { readonly type: "go"; readonly by: number }
  | { readonly type: "pushState" | "replaceState"; readonly path: Path };

/** What brings the history one step nearer from `there` to `wanted`; null: it is there.  Pure. */
export function nextStep(there: Path, wanted: Path): Step | null {
  const shared = there.findIndex((place, depth) => !isSame(place, wanted[depth]));
  const same = shared === -1 ? there.length : shared;
  // The first entry that differs can be written over, and only while it is the one that is shown.
  const path = wanted.slice(0, same + 1);
  if (there.length > path.length) return { type: "go", by: path.length - there.length };
  if (there.length > same) return { type: "replaceState", path };
  return wanted.length > same ? { type: "pushState", path } : null;
}

function isSame(one: Place, other: Place | undefined): boolean {
  return one.name === other?.name && one.id === other.id;
}

export class Navigation {
  private readonly placeStore = createStore<Place>(HOME);
  private path: Path = [];
  private isGoing = false;

  constructor() {
    this.arrive();
    window.addEventListener("popstate", () => {
      if (this.isGoing) {
        this.isGoing = false;
        this.settle();
      } else this.arrive();
      window.scrollTo(0, 0);
    });
  }

  get place(): Readable<Place> {
    return this.placeStore;
  }

  /** One of the bottom menu: Home lies under each of them, and none of them lies on another. */
  goToTab(name: Place["name"]): void {
    this.show(name === "home" ? [] : [{ name }]);
  }

  go(place: Place): void {
    this.show([...this.path, place]);
  }

  /** What is shown is another one without going anywhere: for a reload, and for whoever comes back to it from a room. */
  amend(place: Place): void {
    this.path = [...this.path.slice(0, -1), place];
    this.placeStore.set(place);
    this.settle();
  }

  /** One step towards Home. */
  back(): void {
    if (this.path.length > 0) this.show(this.path.slice(0, -1));
  }

  private show(path: Path): void {
    this.path = path;
    this.placeStore.set(path.at(-1) ?? HOME);
    this.settle();
    window.scrollTo(0, 0);
  }

  /** Where the browser went by itself: a reload, or its own buttons. */
  private arrive(): void {
    this.path = pathThere();
    this.placeStore.set(this.path.at(-1) ?? HOME);
  }

  private settle(): void {
    while (!this.isGoing) {
      const step = nextStep(pathThere(), this.path);
      if (step === null) return;
      if (step.type === "go") {
        this.isGoing = true;
        window.history.go(step.by);
      } else window.history[step.type]({ path: step.path }, "");
    }
  }
}

function pathThere(): Path {
  const entry = entrySchema.safeParse(window.history.state);
  return entry.success ? entry.data.path : [];
}
