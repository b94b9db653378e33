/**
 * Where the keyboard's focus goes when what has it goes away: a screen gives way to another, a card is closed, a button
 * has done its work.  The browser lets it fall to the body: the next Tab begins at the top of the page, and a screen
 * reader says nothing.
 *
 * Must never take the focus from where somebody, or a screen, has put it.
 */

/** What the eye takes for one thing: what is left of it is where one stood. */
const REGIONS = "dialog, form, section, li, ul, ol, dl, footer, nav";
const CHANGES: MutationObserverInit = {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["inert", "hidden"],
};

/** From now on, for as long as there is the page. */
export function keepFocus(page: Document): void {
  /** What has the focus, and what it lies in, from the inside. */
  let held: readonly Element[] = [];

  const hold = (element: Element | null): void => {
    held = element && element !== page.body ? trailOf(element) : [];
  };
  const isLost = (): boolean => {
    const [element] = held;
    if (element === undefined || (element.isConnected && !element.closest("[inert]"))) return false;
    return page.activeElement === null || page.activeElement === page.body;
  };

  page.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element) hold(target);
  });
  page.addEventListener("pointerdown", () => {
    // A tap beside everything lets go of it.  The window that is left, by Alt and Tab, does not.
    setTimeout(() => {
      if (!isLost() && page.activeElement === page.body) hold(null);
    });
  });
  new MutationObserver(() => {
    if (!isLost()) return;
    // Nothing yet: a screen is on its way, and comes with a change of its own.
    const place = placeFor(page, held);
    if (!place) return;
    if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }).observe(page, CHANGES);
  hold(page.activeElement);
}

/** The nearest that is left of what it stood in; where that is no part of a screen, the screen's own beginning. */
function placeFor(page: Document, held: readonly Element[]): HTMLElement | null {
  const over = page.querySelector("dialog[open]");
  const screen = over ?? page.querySelector("main");
  if (!screen) return null;
  const rest = held.find((element) => element.isConnected && element.matches(REGIONS));
  const isPart = rest !== undefined && screen.contains(rest) && isSeen(rest);
  const place = isPart ? rest : (screen.querySelector("h1, h2") ?? screen);
  return place instanceof HTMLElement && isSeen(place) ? place : null;
}

function isSeen(element: Element): boolean {
  return element.closest("[inert]") === null && element.getClientRects().length > 0;
}

function trailOf(element: Element): readonly Element[] {
  const trail: Element[] = [];
  for (let at: Element | null = element; at; at = at.parentElement) trail.push(at);
  return trail;
}
