"""The room in pure Python: what the scripts must do, written from the rules (docs/protocol.md) and not from the Lua.

A test drives it beside the real scripts and compares every answer, event, state and result.
"""

from dataclasses import dataclass, field
from typing import Any

from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.rooms import RoomTerms
from tests.lua.rules import Taps

RESERVATION_MS = 15_000
EMPTY_MS = 15_000
SETTLE_MS = 30_000
GRACE_MS = 1_000
OUTAGE_MS = 5_000


@dataclass
class Seat:
    seat_id: str
    user_id: str
    attempt: str
    until_ms: int
    paid: bool = False
    record: Taps = field(default_factory=Taps)


@dataclass
class Partition:
    """The heartbeat that rooms of a partition look at."""

    at: int | None = None
    outage: tuple[int, int] | None = None

    def heartbeat(self, clock: int) -> bool:
        """True when an outage was found."""
        if self.at is not None and clock <= self.at:
            return False
        late = self.at is not None and clock - self.at > OUTAGE_MS
        if late and self.at is not None:
            self.outage = (self.at, clock)
        self.at = clock
        return late


class Room:
    """`clock` is the server's; the room's own time never goes back.  A hero room is one whose terms say so."""

    def __init__(self, room_id: str, terms: RoomTerms, clock: int, partition: Partition) -> None:
        self.room_id = room_id
        self.terms = terms
        self.partition = partition
        self.nonce = f"{clock:x}"
        self.created_ms = clock
        self.last_ms = clock
        self.state = "waiting"
        self.version = 1
        self.applied = 0
        self.seats: list[Seat] = []
        self.gone: set[str] = set()
        self.deadline = clock + terms.wait_ms if self.hero else 0
        self.empty_since = clock
        self.starts_ms = 0
        self.ends_ms = 0
        self.due: int | None = None
        self.events: list[dict[str, Any]] = []
        self.result: dict[str, Any] | None = None
        self.results = 0
        self.outcome: bytes | None = None
        self.log: list[tuple[int, list[tuple[int, int, int]]]] = []
        self.observations: dict[tuple[str, str, str], int] = {}
        if self.hero:
            self._saved(clock)

    # -- what the others ask

    @property
    def hero(self) -> bool:
        return self.terms.kind == "hero"

    def now(self, clock: int) -> int:
        return max(clock, self.last_ms)

    def key_leads_here(self, clock: int) -> bool:
        return self.hero and self.state == "waiting" and self.now(clock) < self.deadline

    @property
    def paid(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.paid]

    def held(self, now: int) -> list[Seat]:
        return [seat for seat in self.seats if not seat.paid and seat.until_ms > now]

    def free(self, now: int) -> int:
        if self.state != "waiting":
            return 0
        return self.terms.capacity - len(self.paid) - len(self.held(now))

    def seat(self, seat_id: str) -> Seat | None:
        return next((seat for seat in self.seats if seat.seat_id == seat_id), None)

    # -- seats

    def reserve(self, clock: int, seat_id: str, user_id: str, attempt: str) -> tuple[str, Seat | None]:
        now = self.now(clock)
        if user_id == self.terms.organizer_id:
            assert self.terms.organizer_seat_id is not None
            return "already_in_room", Seat(self.terms.organizer_seat_id, user_id, "", 0, paid=True)
        mine = self.seat(seat_id)
        if mine is not None and (mine.paid or mine.until_ms > now):
            if not mine.paid and self.state == "waiting":
                mine.until_ms = now + RESERVATION_MS
                self._saved(now)
            return "ok", None
        if self.state != "waiting" or seat_id in self.gone or (self.hero and now >= self.deadline):
            return "room_closed", None
        for other in self.seats:
            if other.user_id == user_id and (other.paid or other.until_ms > now):
                return "already_in_room", other
        if self.free(now) == 0:
            return "room_full", None
        self.seats = [seat for seat in self.seats if seat.paid or seat.until_ms > now]
        self.seats.append(Seat(seat_id, user_id, attempt, now + RESERVATION_MS))
        self._saved(now)
        return "ok", None

    def confirm(self, clock: int, seat_id: str, user_id: str, profile: dict[str, Any]) -> str:
        now = self.now(clock)
        seat = self.seat(seat_id)
        if seat is None or seat.user_id != user_id:
            return "room_closed"
        if seat.paid:
            return "ok"
        if self.state != "waiting":
            return "room_closed"
        seat.paid = True
        player = {"user_id": user_id, **profile, "taps": 0, "seq": 0, "state": "paid", "place": None}
        self._publish("player_joined", player=player)
        if not self.hero and len(self.paid) == 1:
            self.deadline = now + self.terms.wait_ms
        if not self.hero and len(self.paid) == self.terms.capacity:
            self._countdown(now)
        self._saved(now)
        return "ok"

    def leave(self, clock: int, seat_id: str) -> str:
        now = self.now(clock)
        seat = self.seat(seat_id)
        if seat is not None and self.state != "waiting":
            return "room_closed"
        self.gone.add(seat_id)
        if seat is not None:
            self.seats.remove(seat)
            if seat.paid:
                self._publish("player_left", user_id=seat.user_id)
            self._saved(now)
        return "ok"

    # -- what the organizer does, and what players do beside tapping

    def start(self, clock: int, user_id: str) -> str:
        now = self.now(clock)
        if user_id != self.terms.organizer_id:
            return "forbidden" if any(seat.user_id == user_id for seat in self.paid) else "not_found"
        if self.state == "cancelled" or (self.state == "waiting" and now >= self.deadline):
            return "room_closed"
        if self.state == "waiting":
            if len(self.paid) < self.terms.min_players:
                return "conflict"
            self._countdown(now)
            self._saved(now)
        return "ok"

    def react(self, user_id: str, to: str, emoji: str) -> str:
        here = {self.terms.organizer_id, *(seat.user_id for seat in self.paid)}
        if user_id not in here or to not in here:
            return "not_found"
        if self.state not in ("waiting", "countdown"):
            return "conflict"
        self.events.append({"type": "reaction", "from": user_id, "to": to, "emoji": emoji})
        return "ok"

    def note(self, user_id: str, kind: str, value: str) -> None:
        if self.state in ("waiting", "countdown", "playing"):
            self.observations[user_id, kind, value] = self.observations.get((user_id, kind, value), 0) + 1

    # -- deadlines

    def tick(self, clock: int) -> tuple[int, bool]:
        now, before = self.now(clock), self.state
        if self.state == "waiting":
            if self.hero:
                if now >= self.deadline:
                    self._cancel(now, "not_started")
            elif self.paid and now >= self.deadline:
                if len(self.paid) >= self.terms.min_players:
                    self._countdown(now)
                else:
                    self._cancel(now, "not_enough_players")
            elif not self.paid and now >= self.empty_since + EMPTY_MS:
                self._cancel(now, "empty")
        if self.state == "countdown" and now >= self.starts_ms:
            self._start()
        if self.state == "playing":
            if now >= self.ends_ms + GRACE_MS:
                self._finish(now)
            elif self._outage(now):
                self._cancel(now, "outage")
        changed = self.state != before
        if changed:
            self._saved(now)
        elif self.outcome is None:
            self.due = self._next_due(now)
        remaining = {
            "waiting": self._next_due(now) - now,
            "countdown": self.starts_ms - now,
            "playing": self.ends_ms + GRACE_MS - now,
        }.get(self.state, -1)
        return remaining, changed

    def cancel(self, clock: int, reason: str, organizer_id: str | None = None) -> tuple[str, bool]:
        if organizer_id is not None and organizer_id != self.terms.organizer_id:
            return "forbidden", False
        if self.state in ("finished", "settled"):
            return "room_closed", False
        if self.state == "cancelled":
            return "ok", False
        if organizer_id is not None and self.state != "waiting":
            return "room_closed", False
        now = self.now(clock)
        self._cancel(now, reason)
        self._saved(now)
        return "ok", True

    def settled(self, clock: int, outcome: dict[str, Any], raw: bytes) -> None:
        if self.outcome is not None:
            return
        now = self.now(clock)
        ended = self.state == "finished"
        self.seats = self.paid
        if outcome["outcome"] == "settled":
            self.state = "settled"
            if not ended:
                self._publish("finished", **{name: outcome[name] for name in ("winner", "prize", "standings")})
        elif ended:
            self.state = "settled"
        elif self.state != "cancelled":
            self.state = "cancelled"
            self._publish("cancelled", reason="outage", refund_due=self.terms.stake)
        self.outcome = raw
        self.deadline = 0
        self._saved(now)
        self.due = None

    # -- taps

    def tap(self, clock: int, frames: list[TapFrame]) -> list[TapStatus]:
        now = self.now(clock)
        if self.state == "waiting" or (self.state == "countdown" and now < self.starts_ms):
            return [TapStatus.CONFLICT] * len(frames)
        if self.state not in ("countdown", "playing") or now >= self.ends_ms + GRACE_MS:
            return [TapStatus.ROOM_CLOSED] * len(frames)
        if self.state == "countdown":
            self._start()
            self._saved(now)
        grace = now >= self.ends_ms
        statuses: list[TapStatus] = []
        touched: dict[str, Taps] = {}
        blocked: list[str] = []
        reached = False
        counted: list[tuple[int, int, int]] = []
        for frame in frames:
            status, record = self._apply(now, grace, reached, frame)
            statuses.append(status)
            if record is not None:
                touched[frame.user_id] = record
            if status is TapStatus.BLOCKED:
                blocked.append(frame.user_id)
            if status is TapStatus.OK and record is not None:
                stamp, count = record.window[-1]
                counted.append((record.index, stamp, count + 128 if record.is_away else count))
                reached = 0 < self.terms.target <= record.taps
        if not touched:
            return statuses
        self.last_ms = now
        if counted:
            self.log.append((now - self.starts_ms, counted))
        if not grace:
            taps = {user_id: [record.taps, record.seq] for user_id, record in touched.items()}
            self._publish("progress", since=self.version, taps=taps)
            for user_id in blocked:
                self._publish("blocked", user_id=user_id, reason="too_fast")
        if reached:
            self._finish(now)
            self._saved(now)
        return statuses

    def _apply(self, now: int, grace: bool, over: bool, frame: TapFrame) -> tuple[TapStatus, Taps | None]:
        """The record is None where the frame leaves no trace."""
        seat = next((seat for seat in self.paid if seat.user_id == frame.user_id), None)
        if seat is None:
            return TapStatus.FORBIDDEN, None
        if over:
            return TapStatus.ROOM_CLOSED, None
        if seat.record.blocked:
            return TapStatus.FORBIDDEN, None
        if frame.seq > 2**32 - 1:
            return TapStatus.INVALID_REQUEST, None
        if grace and frame.timestamp >= self.ends_ms:
            return TapStatus.ROOM_CLOSED, None
        before = seat.record.taps
        status = seat.record.apply(frame, now, self.starts_ms, self.ends_ms)
        if status is TapStatus.OK:
            self.applied += 1
            if seat.record.taps > before:
                seat.record.reached = self.applied
        return status, seat.record

    # -- how it ends

    def ranking(self) -> list[Seat]:
        def key(item: tuple[int, Seat]) -> tuple[bool, int, int, int]:
            number, seat = item
            return seat.record.blocked, -seat.record.taps, seat.record.reached, number

        return [seat for _, seat in sorted(enumerate(self.paid), key=key)]

    def places(self) -> dict[str, int | None]:
        ranked = enumerate(self.ranking(), 1)
        return {seat.user_id: None if seat.record.blocked else place for place, seat in ranked}

    def _countdown(self, now: int) -> None:
        self.seats = self.paid
        for index, seat in enumerate(self.seats, 1):
            seat.record.index = index
        self.state = "countdown"
        self.deadline = 0
        self.starts_ms = now + self.terms.countdown_ms
        self.ends_ms = self.starts_ms + self.terms.game_ms
        self._publish("countdown", starts_ms=self.starts_ms)

    def _start(self) -> None:
        self.state = "playing"
        self._publish("started", ends_ms=self.ends_ms)

    def _outage(self, now: int) -> bool:
        last = self.ends_ms + GRACE_MS
        outage, at = self.partition.outage, self.partition.at
        if outage is not None and outage[0] < last and outage[1] > self.starts_ms:
            return True
        return at is not None and now - at > OUTAGE_MS and at < last and now > self.starts_ms

    def _finish(self, now: int) -> None:
        if self._outage(now):
            self._cancel(now, "outage")
            return
        pool = self.terms.stake * len(self.paid)
        prize = pool - pool * self.terms.fee_bps // 10_000
        ranked, places = self.ranking(), self.places()
        won = bool(ranked) and not ranked[0].record.blocked and ranked[0].record.taps > 0
        winner = ranked[0].user_id if won else None
        standings = [
            {
                "place": places[seat.user_id],
                "user_id": seat.user_id,
                "taps": seat.record.taps,
                "prize": prize if seat.user_id == winner else 0,
            }
            for seat in ranked
        ]
        self.state = "finished"
        self._publish("finished", winner=winner, prize=prize if won else 0, standings=standings)
        self._write_result(now, "finished", None)

    def _cancel(self, now: int, reason: str) -> None:
        self.seats = self.paid
        self.state = "cancelled"
        self.deadline = 0
        self._publish("cancelled", reason=reason, refund_due=self.terms.stake)
        self._write_result(now, "cancelled", reason)

    def _write_result(self, now: int, outcome: str, reason: str | None) -> None:
        places = self.places()
        self.results += 1
        self.result = {
            "room_id": self.room_id,
            "kind": self.terms.kind,
            "outcome": outcome,
            "reason": reason,
            "stake": self.terms.stake,
            "target": self.terms.target or None,
            "organizer_id": self.terms.organizer_id,
            "starts_ms": self.starts_ms or None,
            "ends_ms": self.ends_ms or None,
            "finished_ms": now,
            "version": self.version,
            "seats": [
                {
                    "seat_id": seat.seat_id,
                    "user_id": seat.user_id,
                    "index": seat.record.index,
                    "taps": seat.record.taps,
                    "place": places[seat.user_id] if outcome == "finished" else None,
                    "blocked": seat.record.blocked,
                    "best": seat.record.best,
                    "evidence": seat.record.evidence,
                }
                for seat in self.ranking()
            ],
        }

    def _publish(self, kind: str, **body: Any) -> None:
        self.version += 1
        self.events.append({"type": kind, "version": self.version, **body})

    def _next_due(self, now: int) -> int:
        if self.state == "waiting":
            return self.deadline if self.paid or self.hero else self.empty_since + EMPTY_MS
        if self.state == "countdown":
            return self.starts_ms
        return self.ends_ms + GRACE_MS if self.state == "playing" else now + SETTLE_MS

    def _saved(self, now: int) -> None:
        self.last_ms = now
        if self.state == "waiting" and not self.paid and not self.hero:
            self.deadline = 0
            self.empty_since = max([now, *(seat.until_ms for seat in self.seats)])
        self.due = self._next_due(now)
