import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Navigation, nextStep, type Place } from "./navigation";

/** A browser's history: it writes at once, and goes elsewhere when `land` lets it, as a browser does in its own time. */
class SampleHistory {
  private entries: unknown[] = [null];
  private index = 0;
  private readonly trips: number[] = [];
  /** Where the events of the page go; a reload makes a new one. */
  page = new EventTarget();

  get state(): unknown {
    return structuredClone(this.entries[this.index]);
  }

  get depth(): number {
    return this.index;
  }

  pushState(state: unknown): void {
    this.entries = [...this.entries.slice(0, this.index + 1), state];
    this.index += 1;
  }

  replaceState(state: unknown): void {
    this.entries[this.index] = state;
  }

  go(by: number): void {
    this.trips.push(by);
  }

  back(): void {
    this.go(-1);
  }

  land(): void {
    for (let by = this.trips.shift(); by !== undefined; by = this.trips.shift()) {
      if (this.entries[this.index + by] === undefined) continue;
      this.index += by;
      this.page.dispatchEvent(Object.assign(new Event("popstate"), { state: this.state }));
    }
  }
}

let history: SampleHistory;

function opened(): Navigation {
  const page = new EventTarget();
  history.page = page;
  vi.stubGlobal("window", {
    history,
    scrollTo: () => undefined,
    addEventListener: page.addEventListener.bind(page),
  });
  return new Navigation();
}

/** In the profile's list of games, at one of them. */
function deep(): Navigation {
  const navigation = opened();
  navigation.goToTab("profile");
  navigation.go({ name: "history" });
  navigation.go({ name: "game", id: "7" });
  return navigation;
}

/** What lies under the player, from what is shown down to Home. */
function walkBack(navigation: Navigation): string[] {
  const names = [navigation.place.get().name];
  while (history.depth > 0) {
    navigation.back();
    history.land();
    names.push(navigation.place.get().name);
  }
  return names;
}

beforeEach(() => {
  history = new SampleHistory();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("two presses before the browser has gone back", () => {
  it("land on the second tab, with Home under it and nothing else", () => {
    const navigation = deep();
    navigation.goToTab("leaderboard");
    navigation.goToTab("create");
    history.land();
    expect(navigation.place.get().name).toBe("create");
    expect(opened().place.get().name).toBe("create");
    expect(walkBack(navigation)).toEqual(["create", "home"]);
  });

  it("land at Home where Home was the second, and on the tab where Home was the first", () => {
    for (const [first, second] of [
      ["create", "home"],
      ["home", "create"],
    ] as const) {
      history = new SampleHistory();
      const navigation = deep();
      navigation.goToTab(first);
      navigation.goToTab(second);
      history.land();
      expect(navigation.place.get().name).toBe(second);
      expect(walkBack(navigation)).toEqual(second === "home" ? ["home"] : [second, "home"]);
    }
  });

  it("go on from the first where the second leads deeper, and to Home where it leads back", () => {
    const deeper = deep();
    deeper.goToTab("create");
    deeper.go({ name: "makeRoom" });
    history.land();
    expect(walkBack(deeper)).toEqual(["makeRoom", "create", "home"]);
    history = new SampleHistory();
    const back = deep();
    back.goToTab("create");
    back.back();
    history.land();
    expect(walkBack(back)).toEqual(["home"]);
  });
});

describe("the places of the lobby", () => {
  it("shows a place at once, and goes back one step at a time", () => {
    const navigation = deep();
    expect(navigation.place.get()).toEqual({ name: "game", id: "7" });
    expect(walkBack(navigation)).toEqual(["game", "history", "profile", "home"]);
  });

  it("follows the browser's own buttons", () => {
    const navigation = deep();
    history.go(-2);
    history.land();
    expect(navigation.place.get().name).toBe("profile");
    history.go(1);
    history.land();
    expect(navigation.place.get().name).toBe("history");
  });

  it("puts one tab in another's place, and returns to a tab from its depths", () => {
    const navigation = opened();
    navigation.goToTab("profile");
    navigation.goToTab("create");
    expect(history.depth).toBe(1);
    navigation.go({ name: "makeRoom" });
    navigation.goToTab("create");
    history.land();
    expect(walkBack(navigation)).toEqual(["create", "home"]);
  });

  it("is the same after a reload, with all that lies under it", () => {
    deep();
    const navigation = opened();
    expect(navigation.place.get()).toEqual({ name: "game", id: "7" });
    navigation.goToTab("home");
    history.land();
    expect(history.depth).toBe(0);
  });

  it("remembers what was amended, for a reload and for who comes back from a room", () => {
    const navigation = opened();
    navigation.goToTab("create");
    navigation.go({ name: "enterByKey" });
    navigation.amend({ name: "enterByKey", id: "A" });
    expect(navigation.place.get()).toEqual({ name: "enterByKey", id: "A" });
    expect(opened().place.get()).toEqual({ name: "enterByKey", id: "A" });
    expect(history.depth).toBe(2);
  });

  it("begins at Home where the history has something else", () => {
    history.replaceState({ path: [{ name: "nowhere" }] });
    expect(opened().place.get().name).toBe("home");
  });
});

describe("what brings the history to a place", () => {
  const path = (...names: Place["name"][]): Place[] => names.map((name) => ({ name }));

  it("goes back to the first entry that differs before it writes over it", () => {
    const there = path("profile", "history", "limits");
    expect(nextStep(there, there)).toBeNull();
    expect(nextStep(there, [])).toEqual({ type: "go", by: -3 });
    expect(nextStep(there, path("create"))).toEqual({ type: "go", by: -2 });
    expect(nextStep(there, path("profile"))).toEqual({ type: "go", by: -2 });
    expect(nextStep(there, path("profile", "history", "account"))).toEqual({
      type: "replaceState",
      path: path("profile", "history", "account"),
    });
    expect(nextStep([], path("create", "makeRoom"))).toEqual({
      type: "pushState",
      path: path("create"),
    });
  });
});
