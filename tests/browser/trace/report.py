"""What a trace of Chromium tells: long tasks and what was in them, and when taps were painted.

Tasks are told in processor time, which is a phone's wall time: on a machine that does other things the wall's own is
mostly theirs.  (The slow-down spins, so it is in the processor's time.)
"""

import statistics
from collections import Counter, defaultdict
from typing import Any

LONG_TASK_MS = 50.0


def main_thread(trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the page's main thread did, in order."""
    mains = {
        (event["pid"], event["tid"])
        for event in trace
        if event["name"] == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    of: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for event in trace:
        if event.get("ph") == "X" and "tdur" in event and (event["pid"], event["tid"]) in mains:
            of[event["pid"], event["tid"]].append(event)
    busiest = max(of, key=lambda thread: len(of[thread]))
    return sorted(of[busiest], key=lambda event: (event["ts"], -event["dur"]))


def from_first_touch(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the beginning of the trace, which is a long task of its own, and of nobody's phone."""
    touch = next(
        event["ts"]
        for event in events
        if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == "pointerdown"
    )
    begin = max(event["ts"] for event in events if is_task(event) and event["ts"] <= touch)
    return [event for event in events if event["ts"] >= begin]


def is_task(event: dict[str, Any]) -> bool:
    return str(event["name"]).endswith("RunTask")


def causes(task: dict[str, Any], events: list[dict[str, Any]]) -> str:
    """The heaviest things within a task, by their own names."""
    spent: Counter[str] = Counter()
    for event in events:
        if event is task or not task["ts"] <= event["ts"] < task["ts"] + task["dur"] or is_task(event):
            continue
        data = event.get("args", {}).get("data") or {}
        where = data.get("functionName") or data.get("type") or ""
        spent[f"{event['name']} {where}".strip()] += event["tdur"] / 1000
    return ", ".join(f"{name} {ms:.0f}" for name, ms in spent.most_common(5))


def at(share: float, values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(trace: list[dict[str, Any]], taps: list[dict[str, Any]]) -> str:
    events = from_first_touch(main_thread(trace))
    tasks = [event for event in events if is_task(event)]
    span_ms = (events[-1]["ts"] - events[0]["ts"]) / 1000
    lengths = [task["tdur"] / 1000 for task in tasks]
    walls = [task["dur"] / 1000 for task in tasks]
    long = [task for task in tasks if task["tdur"] / 1000 > LONG_TASK_MS]
    painted = [tap["ms"] for tap in taps if tap["ms"] is not None]
    frames = Counter(tap["frames"] for tap in taps)
    rows = [
        ("played", f"{span_ms / 1000:.1f} s traced"),
        ("tasks of the main thread over 50 ms", f"{len(long)} of {len(tasks)}; the longest {max(lengths):.1f} ms"),
        ("the same by the wall's clock", f"{sum(wall > LONG_TASK_MS for wall in walls)}; {max(walls):.1f} ms"),
        ("main thread busy", f"{sum(lengths) / span_ms:.0%}"),
        ("taps", f"{len(taps)}, painted {len(painted)}"),
        ("painted in which frame after the touch", ", ".join(f"{n}.: {times}" for n, times in sorted(frames.items()))),
        (
            "touch to paint",
            f"median {statistics.median(painted):.1f} ms, p95 {at(0.95, painted):.1f}, p99 {at(0.99, painted):.1f}, "
            f"worst {max(painted):.1f}",
        ),
    ]
    lines = ["| figure | seen |", "|---|---|", *(f"| {name} | {seen} |" for name, seen in rows)]
    for task in sorted(tasks, key=lambda task: -task["tdur"])[:8]:
        moment = (task["ts"] - events[0]["ts"]) / 1e6
        lines.append(f"at {moment:.2f} s: {task['tdur'] / 1000:.0f} ms: {causes(task, events)}")
    return "\n".join(lines)
