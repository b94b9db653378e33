import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Notices } from "./notices";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a notice", () => {
  it("goes by itself, and the one after it has its own time", () => {
    const notices = new Notices();
    notices.show("notice.left", 50);
    vi.advanceTimersByTime(4000);
    notices.show("notice.saved");
    vi.advanceTimersByTime(4000);
    expect(notices.current.get()?.key).toBe("notice.saved");
    vi.advanceTimersByTime(2000);
    expect(notices.current.get()).toBeNull();
  });

  it("goes at once with its screen, and takes nothing of the next one's time", () => {
    const notices = new Notices();
    notices.show("notice.left", 50);
    vi.advanceTimersByTime(4000);
    notices.clear();
    expect(notices.current.get()).toBeNull();
    notices.show("notice.saved");
    vi.advanceTimersByTime(4000);
    expect(notices.current.get()?.key).toBe("notice.saved");
  });
});
