"""What a run has shown, for people and for machines."""

import statistics
from collections import defaultdict
from typing import Any

from tests.chaos.faults import Happened
from tests.chaos.players import Crowd, View, Wait

QUIET = "(no fault)"
EARLY_S = 0.3
"""A wait begins with the last sign of life, a little before the fault."""
FOLLOWS_S = 1.0
AFTERMATH_S = 2.0

_VIEWS: tuple[View, ...] = ("join", "taps", "result")


def by_fault(happened: list[Happened], waits: list[Wait]) -> dict[str, list[dict[View, list[float]]]]:
    """For each kind of fault, for each time it happened, the longest wait of each player for each thing.

    A wait belongs to the last fault before it began; one that follows right upon another wait of the same player has
    the same cause, and one in which a fault fell while nothing was wrong yet has that fault as its cause.
    """
    causes: dict[str, tuple[float, int]] = {}
    longest: dict[int, dict[tuple[View, str], float]] = defaultdict(dict)
    for wait in sorted(waits, key=lambda wait: wait.began):
        before, cause = causes.get(wait.user_id, (float("-inf"), -1))
        if wait.began > before + FOLLOWS_S:
            cause = _cause(happened, wait)
        causes[wait.user_id] = (wait.ended, cause)
        own = longest[cause]
        own[wait.view, wait.user_id] = max(own.get((wait.view, wait.user_id), 0.0), wait.ended - wait.began)
    table: dict[str, list[dict[View, list[float]]]] = {QUIET: [_views(longest.get(-1, {}))]}
    for number, fault in enumerate(happened):
        table.setdefault(fault.fault.kind, []).append(_views(longest.get(number, {})))
    return table


def _cause(happened: list[Happened], wait: Wait) -> int:
    """The index of the fault that a wait belongs to; -1: none had happened."""
    before = [number for number, fault in enumerate(happened) if fault.began - EARLY_S <= wait.began]
    within = [number for number, fault in enumerate(happened) if wait.began < fault.began - EARLY_S < wait.ended]
    if before and (not within or wait.began < happened[before[-1]].ended + AFTERMATH_S):
        return before[-1]
    return within[0] if within else -1


def _views(longest: dict[tuple[View, str], float]) -> dict[View, list[float]]:
    return {view: sorted(s for (seen, _), s in longest.items() if seen == view) for view in _VIEWS}


def table(happened: list[Happened], waits: list[Wait], players: int) -> list[dict[str, Any]]:
    """One row a kind: how often, and for each view how many players of all waited noticeably, median and worst, s."""
    rows = []
    for kind, times in by_fault(happened, waits).items():
        row: dict[str, Any] = {"fault": kind, "times": len(times)}
        for view in _VIEWS:
            lengths = [length for once in times for length in once[view]]
            row[view] = {
                "share": round(len(lengths) / (players * len(times)), 3),
                "median_s": round(statistics.median(lengths), 1) if lengths else None,
                "worst_s": round(max(lengths), 1) if lengths else None,
            }
        rows.append(row)
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table for people."""
    lines = [
        "| fault | times | no seat: players, median, worst | no progress: players, median, worst "
        "| no result: players, median, worst |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            "-"
            if row[view]["worst_s"] is None
            else f"{row[view]['share']:.0%}, {row[view]['median_s']:.1f} s, {row[view]['worst_s']:.1f} s"
            for view in _VIEWS
        ]
        lines.append(f"| {row['fault'].replace('_', ' ')} | {row['times']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def course(happened: list[Happened], start: float) -> list[str]:
    """The schedule as it was."""
    return [
        f"{fault.began - start:7.1f} s  {fault.ended - fault.began:5.1f} s  {fault.fault.kind}: {fault.detail}"
        for fault in happened
    ]


def games(crowd: Crowd) -> dict[str, int]:
    """How the games that began have ended."""
    ends: dict[str, int] = defaultdict(int)
    for state in crowd.games.values():
        ends[state] += 1
    return dict(ends)
