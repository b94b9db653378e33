import { describe, expect, it } from "vitest";
import { type Page, PagedList } from "./paged-list";

/** A server with the numbers from `newest` down to 1, two a page. */
function numbers(server: { newest: number; isAway?: boolean }): PagedList<number> {
  const fetchPage = (cursor: string | null): Promise<Page<number>> => {
    if (server.isAway) return Promise.reject(new TypeError("no network"));
    const first = cursor === null ? server.newest : Number(cursor) - 1;
    const items = [first, first - 1].filter((number) => number > 0);
    return Promise.resolve({ items, next: first > 2 ? String(first - 1) : null });
  };
  return new PagedList(fetchPage, String);
}

describe("a list in pages", () => {
  it("grows page by page to its end", async () => {
    const list = numbers({ newest: 5 });
    expect(list.state.get().items).toBeNull();
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [5, 4], isComplete: false });
    await list.more();
    await list.more();
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [5, 4, 3, 2, 1], isComplete: true });
  });

  it("asks once however often it is told to", async () => {
    const list = numbers({ newest: 5 });
    await Promise.all([list.more(), list.more(), list.refresh()]);
    expect(list.state.get().items).toEqual([5, 4]);
  });

  it("puts what is new on top and goes on below where it was", async () => {
    const server = { newest: 5 };
    const list = numbers(server);
    await list.more();
    await list.more();
    server.newest = 6;
    await list.refresh();
    expect(list.state.get().items).toEqual([6, 5, 4, 3, 2]);
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [6, 5, 4, 3, 2, 1], isComplete: true });
  });

  it("begins again where more is new than a page holds", async () => {
    const server = { newest: 4 };
    const list = numbers(server);
    await list.more();
    server.newest = 9;
    await list.refresh();
    expect(list.state.get()).toMatchObject({ items: [9, 8], isComplete: false });
    await list.more();
    expect(list.state.get().items).toEqual([9, 8, 7, 6]);
  });

  it("keeps what is there when the next page does not come", async () => {
    const server = { newest: 5, isAway: false };
    const list = numbers(server);
    await list.more();
    server.isAway = true;
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [5, 4], failure: { message: null } });
    server.isAway = false;
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [5, 4, 3, 2], failure: null });
  });
});
