"""A game shown again from its record: bars that move, then the result.

Shows what stands in the record; whether that is true is the business of `verify`.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TextIO

from persistence.records.document import Record
from persistence.records.rules import Count, in_order

_BAR: Final = 40
_PLAIN_STEP_MS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Moment:
    """The game after what was applied at one moment; `taps` are the totals that changed, by index."""

    at_ms: int
    taps: dict[int, int]


def timeline(record: Record) -> list[Moment]:
    """Every change of the counts, in the order of application."""
    length_ms = record.room.ends_ms - record.room.starts_ms
    counts = {player.index: Count(length_ms) for player in record.players}
    moments: list[Moment] = []
    for frame, place, _ in in_order(record):
        index = record.players[place].index
        counts[index].add(frame)
        if moments and moments[-1].at_ms == frame.at_ms:
            moments[-1].taps[index] = counts[index].taps
        else:
            moments.append(Moment(frame.at_ms, {index: counts[index].taps}))
    return moments


def as_plain(record: Record) -> dict[str, Any]:
    """The timeline and the result, ready for JSON."""
    users = {player.index: player.user_id for player in record.players}
    decision = record.decision
    return {
        "room_id": record.room.room_id,
        "kind": record.room.kind,
        "log": record.log,
        "starts_ms": record.room.starts_ms,
        "ends_ms": record.room.ends_ms,
        "finished_ms": record.seen.finished_ms,
        "players": [{"index": player.index, "user_id": player.user_id} for player in record.players],
        "timeline": [
            {"at_ms": moment.at_ms, "taps": {users[index]: total for index, total in moment.taps.items()}}
            for moment in timeline(record)
        ],
        "outcome": decision.outcome,
        "winner": decision.winner,
        "pool": decision.pool,
        "prize": decision.prize,
        "standings": [
            {"place": line.place, "user_id": line.user_id, "taps": line.taps, "prize": line.prize}
            for line in decision.standings
        ],
    }


def show(record: Record, out: TextIO | None = None, speed: float = 1.0) -> None:
    """Play the game on a terminal, `speed` times as fast as it was; elsewhere a picture of each five seconds."""
    out = out or sys.stdout
    moves = out.isatty()
    totals = {player.index: 0 for player in record.players}
    widest = max((line.taps for line in record.seen.standings), default=0) or 1
    print(_title(record), file=out)
    drawn, shown_ms, next_plain = False, 0, 0
    for moment in timeline(record):
        if not moves:
            while moment.at_ms > next_plain:
                _picture(record, totals, widest, next_plain, out)
                next_plain += _PLAIN_STEP_MS
        elif speed > 0:
            time.sleep(max(0, moment.at_ms - shown_ms) / 1000 / speed)
            shown_ms = moment.at_ms
        totals.update(moment.taps)
        if moves:
            if drawn:
                print(f"\x1b[{len(record.players) + 1}A", end="", file=out)
            _picture(record, totals, widest, moment.at_ms, out)
            drawn = True
    if not moves:
        _picture(record, totals, widest, record.seen.finished_ms - record.room.starts_ms, out)
    for line in _result(record):
        print(line, file=out)


def _title(record: Record) -> str:
    room = record.room
    goal = f", first to {room.target}" if room.target else ""
    return f"Room {room.room_id}: {room.kind}, {room.stake} Stars, {len(record.players)} players{goal}"


def _picture(record: Record, totals: dict[int, int], widest: int, at_ms: int, out: TextIO) -> None:
    print(f"{at_ms / 1000:6.1f} s", file=out)
    for player in record.players:
        total = totals[player.index]
        bar = "#" * (total * _BAR // widest)
        print(f"{player.index:3d} {player.user_id:>12} |{bar:<{_BAR}}| {total:5d}", file=out)


def _result(record: Record) -> Iterator[str]:
    decision = record.decision
    if record.log != "complete":
        yield f"The frames are not all there (log: {record.log})."
    if decision.winner is None:
        yield f"No winner ({decision.reason}): every stake went back."
    else:
        yield f"Winner: {decision.winner} takes {decision.prize} of {decision.pool} Stars."
    blocked = {record.players[line.index - 1].user_id for line in record.seen.standings if line.blocked}
    for line in decision.standings:
        place = "blocked" if line.user_id in blocked else f"{line.place}."
        yield f"{place:>8} {line.user_id:>12} {line.taps:5d} taps {line.prize:6d} Stars"
