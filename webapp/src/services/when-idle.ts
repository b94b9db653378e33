/** For what nobody waits for: it must not take the first seconds' time from what is waited for. */

/** A page that is never idle. */
const AT_LATEST_MS = 3000;
/** Where the browser does not tell: after what Home needs to stand. */
const WITHOUT_TELLING_MS = 1000;

/** The answer takes it back. */
export function whenIdle(work: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(work, WITHOUT_TELLING_MS);
    return () => {
      clearTimeout(timer);
    };
  }
  const asked = requestIdleCallback(work, { timeout: AT_LATEST_MS });
  return () => {
    cancelIdleCallback(asked);
  };
}
