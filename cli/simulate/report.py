"""What a simulation found: figures, and every way in which the players' views disagree with each other or the money.

Knows nothing of connections; `discrepancies` is empty exactly when the run proves what it is meant to prove.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.simulate.outcome import Outcome

_SHOWN = 20


@dataclass(slots=True)
class Report:
    """Collects outcomes; times are in seconds.  `reviews`: by room and user, whether the signals want a look."""

    players: int
    stake: int
    joins_s: list[float] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    balances: dict[str, tuple[int, int]] = field(default_factory=dict)
    audit: list[str] | None = None
    reviews: dict[tuple[str, str], bool] | None = None
    elapsed_s: float = 0.0

    def rooms(self) -> dict[str, list[Outcome]]:
        rooms: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.outcomes:
            rooms[outcome.room_id].append(outcome)
        return rooms

    def discrepancies(self) -> list[str]:
        """One line for everything that is wrong."""
        found = [f"player lost: {reason}" for reason in self.lost]
        for outcome in self.outcomes:
            who = f"player {outcome.user_id} in room {outcome.room_id}"
            if outcome.state not in ("settled", "cancelled"):
                found.append(f"{who}: ended as {outcome.state}")
            elif outcome.state == "settled" and _taps_are_missing(outcome):
                found.append(f"{who}: {outcome.taps_sent} taps sent, {outcome.taps_counted} counted")
            if outcome.user_id in outcome.blocked:
                found.append(f"{who}: blocked")
            if outcome.settled_frames > 1:
                found.append(f"{who}: told {outcome.settled_frames} times that the room is settled")
        for room_id, seen in self.rooms().items():
            found += _room_discrepancies(room_id, seen)
        expected: dict[str, int] = defaultdict(int)
        for outcome in self.outcomes:
            if outcome.state == "settled":
                expected[outcome.user_id] += outcome.payout - outcome.stake
        for user_id, (before, after) in self.balances.items():
            if after - before != expected[user_id]:
                found.append(f"player {user_id}: balance {before} became {after}, not {before + expected[user_id]}")
        return found + [f"audit: {finding}" for finding in self.audit or ()]

    def figures(self) -> dict[str, Any]:
        """The run in numbers, ready for JSON."""
        rooms = self.rooms()
        latencies = sorted(latency for outcome in self.outcomes for latency in outcome.latencies_s)
        reconnects = sorted(length for outcome in self.outcomes for length in outcome.reconnect_s)
        frames = sum(outcome.frames_sent for outcome in self.outcomes)
        playing_s = self._playing_s()
        found = self.discrepancies()
        refused: Counter[str] = Counter()
        for outcome in self.outcomes:
            refused.update(outcome.refused)
        return {
            "players": self.players,
            "stake": self.stake,
            "games": len(self.outcomes),
            "rooms": len(rooms),
            "rooms_settled": sum(any(outcome.state == "settled" for outcome in seen) for seen in rooms.values()),
            "rooms_cancelled": sum(any(outcome.state == "cancelled" for outcome in seen) for seen in rooms.values()),
            "elapsed_s": round(self.elapsed_s, 2),
            "join_ms": _spread(sorted(self.joins_s)),
            "tap_to_progress_ms": _spread(latencies),
            "reconnect_ms": _spread(reconnects),
            "taps_sent": sum(outcome.taps_sent for outcome in self.outcomes),
            "taps_counted": sum(outcome.taps_counted for outcome in self.outcomes),
            "taps_held_back": sum(outcome.taps_held for outcome in self.outcomes),
            "frames_sent": frames,
            "frames_resent": sum(outcome.frames_resent for outcome in self.outcomes),
            "frames_per_s": round(frames / playing_s) if playing_s else None,
            "progress_received": sum(outcome.progress_seen for outcome in self.outcomes),
            "reconnects": sum(outcome.reconnects for outcome in self.outcomes),
            "gaps": sum(outcome.gaps for outcome in self.outcomes),
            "reactions_sent": sum(outcome.reactions_sent for outcome in self.outcomes),
            "reactions_seen": sum(outcome.reactions_seen for outcome in self.outcomes),
            "refused": dict(refused),
            **({} if self.reviews is None else {"review": self._reviewed(self.reviews)}),
            "audit": "not run: DATABASE_URL and REDIS_URL are not known here" if self.audit is None
            else "clean" if not self.audit
            else self.audit[:_SHOWN],
            "discrepancies": len(found),
            "first_discrepancies": found[:_SHOWN],
        }  # fmt: skip

    def _reviewed(self, reviews: Mapping[tuple[str, str], bool]) -> dict[str, str]:
        """By style, how many of the players in settled games an operator is asked to look at."""
        games: Counter[str] = Counter()
        flagged: Counter[str] = Counter()
        for outcome in self.outcomes:
            review = reviews.get((outcome.room_id, outcome.user_id))
            if review is not None:
                games[outcome.style] += 1
                flagged[outcome.style] += review
        return {style: f"{flagged[style]} of {games[style]}" for style in sorted(games)}

    def _playing_s(self) -> float:
        """From the first room's start to the last room's end."""
        played = [outcome for outcome in self.outcomes if outcome.ends_ms]
        if not played:
            return 0.0
        return (max(outcome.ends_ms for outcome in played) - min(outcome.starts_ms for outcome in played)) / 1000

    def text(self) -> str:
        """The run for people."""
        lines = []
        for name, value in self.figures().items():
            if name == "first_discrepancies":
                lines += [f"  ! {line}" for line in value]
            elif isinstance(value, dict):
                lines.append(f"{name:20s} " + ("  ".join(f"{key} {value[key]}" for key in value) or "-"))
            else:
                lines.append(f"{name:20s} {value}")
        return "\n".join(lines)


def _taps_are_missing(outcome: Outcome) -> bool:
    if outcome.reached_target:
        return outcome.taps_counted > outcome.taps_sent
    if outcome.taps_refused:
        return outcome.taps_counted > outcome.taps_sent - outcome.taps_refused
    return outcome.taps_counted != outcome.taps_sent


def _room_discrepancies(room_id: str, seen: list[Outcome]) -> list[str]:
    first = seen[0]
    found = [
        f"room {room_id}: players {first.user_id} and {outcome.user_id} saw different results"
        for outcome in seen[1:]
        if (outcome.state, outcome.winner, outcome.prize, outcome.standings)
        != (first.state, first.winner, first.prize, first.standings)
    ]
    if first.state == "settled":
        paid = {line["user_id"]: line["prize"] for line in first.standings}
        organizer = next((outcome for outcome in seen if outcome.organizes), None)
        if organizer is not None:
            stake = max(outcome.stake for outcome in seen)
            paid[organizer.user_id] = part = stake * len(first.standings) // 10 if first.winner is not None else 0
            if first.winner is not None and first.prize != stake * len(first.standings) - part:
                found.append(f"room {room_id}: the prize is {first.prize} of {stake} x {len(first.standings)}")
        if first.winner is not None:
            found += [
                f"room {room_id}: {outcome.user_id} was paid {outcome.payout}, the result says {paid[outcome.user_id]}"
                for outcome in seen
                if outcome.payout != paid.get(outcome.user_id)
            ]
        if len({outcome.user_id for outcome in seen}) != len(seen):
            found.append(f"room {room_id}: a player has two seats")
    return found


def _spread(ordered: list[float]) -> dict[str, float | int]:
    """Percentiles in milliseconds of a sorted list of seconds."""
    if not ordered:
        return {}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}
