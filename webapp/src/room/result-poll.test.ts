import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Room } from "../protocol/generated";
import { ResultPoll, type ResultPollHost } from "./result-poll";
import { sampleRoom } from "./sample";

let isUndecided: boolean;
let fetchRoom: ReturnType<typeof vi.fn<ResultPollHost["fetchRoom"]>>;
let answers: Room[];

function started(): ResultPoll {
  const poll = new ResultPoll({
    fetchRoom,
    isUndecided: () => isUndecided,
    onAnswer: (room) => answers.push(room),
  });
  poll.start("A");
  return poll;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", { setTimeout, clearTimeout });
  isUndecided = true;
  answers = [];
  fetchRoom = vi.fn(() => Promise.reject(new Error("out of reach")));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks again while there is no answer, one question at a time", async () => {
  const poll = started();
  poll.start("A");
  await vi.advanceTimersByTimeAsync(2000);
  expect(fetchRoom).toHaveBeenCalledExactlyOnceWith("A");
  const room = sampleRoom({ state: "settled" });
  fetchRoom.mockResolvedValueOnce(room);
  await vi.advanceTimersByTimeAsync(2000);
  expect(answers).toEqual([room]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(fetchRoom).toHaveBeenCalledTimes(2);
});

it("asks nothing once the end is known, or the room was left", async () => {
  const poll = started();
  poll.stop();
  await vi.advanceTimersByTimeAsync(2000);
  poll.start("A");
  isUndecided = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(fetchRoom).not.toHaveBeenCalled();
});
