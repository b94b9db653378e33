"""Typed calls of the room's scripts, one each.  Decides nothing that a script decides."""

from collections.abc import Callable
from functools import partial
from struct import pack
from typing import Final, Literal

import hiredis
import msgspec

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.codes import TapFrame
from persistence.redis.connection import Refused, Reply
from persistence.redis.lobby import LobbyCommands, LobbyRoom
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet

RoomKind = Literal["standard", "hero"]
RoomPhase = Literal["waiting", "countdown", "playing", "finished", "cancelled", "settled"]
CancelReason = Literal["not_enough_players", "outage", "empty", "operator", "not_started", "organizer_left"]
TapsDone = Callable[[list[int] | Exception], None]

RESERVATION_MS: Final = 15_000  # longer than a stake's statement time-out
SETTLED_LIFE_S: Final = 600
MAX_FRAMES_A_CALL: Final = 500


class RoomTerms(msgspec.Struct, frozen=True):
    """Fixed when a room is made.  `target` 0: the time limit alone ends the game.

    `fee_bps` is the part of the pool that is not the winner's: the house's in a standard room, the organizer's in a
    hero room.  The last three are a hero room's.
    """

    kind: RoomKind
    stake: int
    capacity: int
    min_players: int
    wait_ms: int
    countdown_ms: int
    game_ms: int
    fee_bps: int
    target: int = 0
    organizer_id: str | None = None
    organizer_seat_id: str | None = None
    key: str | None = None

    def words(self) -> tuple[str | int, ...]:
        """As the scripts take them."""
        return (
            *(self.kind, self.stake, self.capacity, self.min_players),
            *(self.wait_ms, self.countdown_ms, self.game_ms, self.fee_bps, self.target),
        )


class SeatReply(msgspec.Struct, frozen=True):
    """`version` is that of the last event; `revision` also counts what is not published (it orders the lobby)."""

    code: str
    version: int
    revision: int
    free: int
    paid: int
    state: str
    holder_seat_id: str | None = None
    holder_attempt: str | None = None
    holder_paid: bool = False


class ConfirmReply(msgspec.Struct, frozen=True):
    """`room` is the room with the seat in it, where the code is ok."""

    code: str
    room: "RoomState | None"


class StartReply(msgspec.Struct, frozen=True):
    """`room` is the room that counts down, or has long begun, where the code is ok."""

    code: str
    room: "RoomState | None"


class TickReply(msgspec.Struct, frozen=True):
    """`remaining_ms` until the room's next deadline, -1 when it has none."""

    code: str
    remaining_ms: int
    state: str
    version: int
    changed: bool


class SeatInfo(msgspec.Struct, frozen=True):
    """One seat, paid or held."""

    seat_id: str
    user_id: str
    state: Literal["reserved", "paid"]


class PlayerState(msgspec.Struct):
    """One paid seat with its taps."""

    seat_id: str
    user_id: str
    name: str
    photo_url: str | None
    taps: int
    seq: int
    state: Literal["paid", "blocked"]
    place: int | None


class RoomState(msgspec.Struct, kw_only=True):
    """A whole room at one version.  `result` is what Redis saw, `outcome` what Postgres decided; both JSON."""

    room_id: str
    kind: RoomKind
    state: RoomPhase
    stake: int
    capacity: int
    min_players: int
    fee_bps: int
    target: int | None
    pool: int
    prize: int
    organizer_id: str | None
    organizer_seat_id: str | None
    key: str | None
    created_ms: int
    deadline_ms: int | None
    starts_ms: int | None
    ends_ms: int | None
    finished_ms: int | None
    reason: CancelReason | None
    version: int
    revision: int
    free: int
    epoch: str
    server_time_ms: int
    players: list[PlayerState]
    result: bytes | None
    outcome: bytes | None


class _Profile(msgspec.Struct):
    name: str = ""
    photo_url: str | None = None


class _Outcome(msgspec.Struct):
    outcome: Literal["settled", "refunded"]
    winner: str | None
    prize: int
    standings: msgspec.Raw


_profile = msgspec.json.Decoder(_Profile).decode
_outcome = msgspec.json.Decoder(_Outcome).decode


class RoomCommands:
    """Every method raises StoreUnavailable when the shard does not answer, and ValueError for what is no room id."""

    def __init__(self, router: Router, scripts: ScriptSet, lobby: LobbyCommands) -> None:
        self._router = router
        self._scripts = scripts
        self._lobby = lobby
        self._tap_batch = scripts["tap_batch"]
        self._lanes: dict[str, list[tuple[list[TapFrame], TapsDone]]] = {}

    async def make(self, room_id: str, terms: RoomTerms) -> SeatReply:
        """Make a hero room and its key.  Codes: ok (also repeated), conflict (the room or the key is another's).

        Raises:
            ValueError: the room does not lie where its key does, or the terms are not a hero room's.
        """
        at = keys.room(room_id)
        organizer_id, seat_id, key = terms.organizer_id, terms.organizer_seat_id, terms.key
        if terms.kind != "hero" or organizer_id is None or seat_id is None or key is None:
            raise ValueError("not the terms of a hero room")
        if keys.partition_of(room_id) != keys.partition_of_key(key):
            raise ValueError("a room lies in the partition of its key")
        reply = await self._router.call(
            at.slot,
            self._scripts["room_make"],
            (at.data, at.due, keys.room_key(key)),
            *(room_id, *terms.words(), organizer_id, seat_id, key),
        )
        return self._seat_reply(room_id, reply)

    async def start(self, room_id: str, user_id: str) -> StartReply:
        """The organizer's start.  Codes: ok (also repeated, in the countdown and later), forbidden (not the organizer),
        conflict (too few have paid), room_closed (cancelled, or its time is over), not_found."""
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot, self._scripts["room_start"], (at.data, at.due), room_id, at.channel, user_id
        )
        return StartReply(reply[0].decode(), _room_state(room_id, reply[8]) if len(reply) > 8 else None)

    async def by_key(self, key: str) -> RoomState | None:
        """The hero room of a (normalised) key, while it waits; a key is dead once its room has started or ended."""
        name = keys.room_key(key)
        room_id: bytes | None = await self._router.execute(keys.slot_of_key(name), "GET", name)
        state = None if room_id is None else await self.snapshot(room_id.decode())
        if state is None or state.state != "waiting" or state.key != key:
            return None
        return None if state.server_time_ms >= (state.deadline_ms or 0) else state

    async def reserve(
        self, room_id: str, seat_id: str, user_id: str, attempt: str, terms: RoomTerms | None
    ) -> SeatReply:
        """Hold a seat for `RESERVATION_MS`.  With the terms of a standard room it makes the room if there is none.

        Codes: ok (also repeated), room_full, room_closed (also: no room, and none to make), already_in_room
        (`holder_*`: the same user's other seat; an organizer's own one).
        """
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot,
            self._scripts["seat_reserve"],
            (at.data, at.due, at.gone),
            *(room_id, seat_id, user_id, attempt, RESERVATION_MS),
            *(() if terms is None else terms.words()),
        )
        return self._seat_reply(room_id, reply, tickets_used=1)

    async def confirm(self, room_id: str, seat_id: str, user_id: str, profile_json: bytes) -> ConfirmReply:
        """The seat is paid.  `profile_json`: `{"name": …, "photo_url": …}`.  Codes: ok (also repeated), room_closed."""
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot,
            self._scripts["seat_confirm"],
            (at.data, at.due, at.gone),
            *(room_id, at.channel, seat_id, user_id, profile_json),
        )
        self._report(room_id, reply)
        return ConfirmReply(reply[0].decode(), _room_state(room_id, reply[8]) if len(reply) > 8 else None)

    async def leave(self, room_id: str, seat_id: str) -> SeatReply:
        """Tombstone a seat.  After ok it can never play, so it may be refunded.

        Codes: ok (also repeated, also for a seat the room does not have), room_closed (the seat plays), not_found.
        """
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot, self._scripts["seat_leave"], (at.data, at.due, at.gone), room_id, at.channel, seat_id
        )
        return self._seat_reply(room_id, reply)

    async def tick(self, room_id: str) -> TickReply:
        """Move the room over its deadline if it has come.  Codes: ok, not_found."""
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot, self._scripts["room_tick"], (at.data, at.due, at.results, at.pulse), room_id, at.channel
        )
        return self._tick_reply(room_id, reply)

    async def cancel(self, room_id: str, reason: CancelReason, organizer_id: str | None = None) -> TickReply:
        """End the room without a game.  Codes: ok (also repeated), room_closed (it has a result), not_found.

        With `organizer_id` only while the room waits (else room_closed), and only if that is the organizer (else
        forbidden).
        """
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot,
            self._scripts["room_cancel"],
            (at.data, at.due, at.results),
            *(room_id, at.channel, reason, organizer_id or ""),
        )
        return self._tick_reply(room_id, reply)

    async def react(self, room_id: str, user_id: str, to: str, emoji: str) -> str:
        """Show a reaction to everybody in the room.  Codes: ok, conflict (it has begun or is over), not_found (one of
        the two is neither a paid player nor the organizer)."""
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot, self._scripts["room_react"], (at.data,), room_id, at.channel, user_id, to, emoji
        )
        code: bytes = reply[0]
        return code.decode()

    def note(self, room_id: str, user_id: str, kind: str, value: str) -> None:
        """Count an observation about a player of a running room, without waiting: one that is lost is no harm.  `kind`
        has no space in it."""
        at = keys.room(room_id)
        words = (room_id, f"{user_id} {kind} {value}")
        self._router.run(at.slot, self._scripts["room_note"], (at.data, at.notes), words, _ignore)

    async def mark_settled(self, room_id: str, outcome_json: bytes) -> None:
        """Write down what Postgres decided and let the room go; idempotent.  A room that is gone is none the worse."""
        at = keys.room(room_id)
        outcome = _outcome(outcome_json)
        finished = msgspec.json.encode(
            {"winner": outcome.winner, "prize": outcome.prize, "standings": outcome.standings}
        )[1:-1]
        reply = await self._router.call(
            at.slot,
            self._scripts["room_settled"],
            (at.data, at.due, at.gone, at.log, at.notes),
            *(room_id, at.channel, outcome.outcome, outcome_json, finished, SETTLED_LIFE_S),
        )
        self._report(room_id, reply)

    async def snapshot(self, room_id: str) -> RoomState | None:
        """The whole room, or None."""
        at = keys.room(room_id)
        reply = await self._router.call(at.slot, self._scripts["room_snapshot"], (at.data,), room_id)
        return None if reply[0] == b"not_found" else _room_state(room_id, reply)

    async def seats(self, room_id: str) -> list[SeatInfo] | None:
        """Paid and held seats in the order of joining, or None if there is no such room."""
        at = keys.room(room_id)
        reply = await self._router.call(at.slot, self._scripts["room_snapshot"], (at.data,), room_id)
        if reply[0] == b"not_found":
            return None
        return [SeatInfo(s[0].decode(), s[1].decode(), "paid" if s[2] else "reserved") for s in reply[13:]]

    async def result(self, room_id: str) -> bytes | None:
        """The result's JSON, once the room is finished or cancelled."""
        at = keys.room(room_id)
        reply: bytes | None = await self._router.execute(at.slot, "HGET", at.data, "result")
        return reply

    async def log(self, room_id: str) -> bytes:
        """Every frame that was counted, in the order of application (the layout: lua/README.md)."""
        at = keys.room(room_id)
        reply: bytes | None = await self._router.execute(at.slot, "GET", at.log)
        return reply or b""

    async def notes(self, room_id: str) -> dict[tuple[str, str, str], int]:
        """How often what was noted: (user id, kind, value)."""
        at = keys.room(room_id)
        flat: list[bytes] = await self._router.execute(at.slot, "HGETALL", at.notes)
        found: dict[tuple[str, str, str], int] = {}
        for field, count in zip(flat[::2], flat[1::2], strict=True):
            user_id, kind, value = field.decode().split(" ", 2)
            found[user_id, kind, value] = int(count)
        return found

    async def exists(self, room_id: str) -> bool:
        at = keys.room(room_id)
        return bool(await self._router.execute(at.slot, "EXISTS", at.data))

    def tap_batch(self, room_id: str, frames: list[TapFrame], done: TapsDone) -> None:
        """Apply frames in their order; `done` gets a TapStatus number for each, or the error.

        One call of a room is in flight at a time; what comes meanwhile follows in one.  So no redirection can turn the
        order of a player's frames round, which would make the later one a duplicate.
        """
        lane = self._lanes.get(room_id)
        if lane is None:
            self._lanes[room_id] = []
            self._send_taps(room_id, frames, done)
        elif sum(len(waiting) for waiting, _ in lane) + len(frames) > MAX_FRAMES_A_CALL:
            done(StoreUnavailable("redis"))
        else:
            lane.append((frames, done))

    def _send_taps(self, room_id: str, frames: list[TapFrame], done: TapsDone) -> None:
        at = keys.room(room_id)
        numbers: list[int] = []
        for frame in frames:
            numbers += frame[1:]
        self._router.run(
            at.slot,
            self._tap_batch,
            (at.data, at.due, at.results, at.pulse, at.log),
            (room_id, at.channel, pack(f"<{len(numbers)}d", *numbers), *(frame[0] for frame in frames)),
            partial(self._taps_done, room_id, done),
        )

    def _taps_done(self, room_id: str, done: TapsDone, reply: Reply) -> None:
        lane = self._lanes.pop(room_id)
        if lane:
            self._lanes[room_id] = []
            frames = [frame for waiting, _ in lane for frame in waiting]
            self._send_taps(room_id, frames, partial(_share_out, [(len(waiting), each) for waiting, each in lane]))
        done(Refused(str(reply)) if isinstance(reply, hiredis.ReplyError) else reply)

    def _seat_reply(self, room_id: str, reply: Reply, tickets_used: int = 0) -> SeatReply:
        self._report(room_id, reply, tickets_used)
        holder = reply[8:] if len(reply) > 8 and reply[8] else (None, None, 0)
        return SeatReply(
            code=reply[0].decode(),
            version=reply[1],
            revision=reply[2],
            free=reply[3],
            paid=reply[4],
            state=reply[5].decode(),
            holder_seat_id=holder[0] and holder[0].decode(),
            holder_attempt=None if holder[1] is None else holder[1].decode(),
            holder_paid=bool(holder[2]),
        )

    def _tick_reply(self, room_id: str, reply: Reply) -> TickReply:
        if reply[9]:
            self._report(room_id, reply)
        return TickReply(
            code=reply[0].decode(),
            remaining_ms=reply[8],
            state=reply[5].decode(),
            version=reply[1],
            changed=bool(reply[9]),
        )

    def _report(self, room_id: str, reply: Reply, tickets_used: int = 0) -> None:
        _, _, revision, free, paid, state, stake, kind, *_ = reply
        if kind == b"standard":
            self._lobby.report(stake, LobbyRoom(room_id, revision, free, paid, state.decode()), tickets_used)


def _ignore(_reply: Reply) -> None:
    pass


def _share_out(parts: list[tuple[int, TapsDone]], reply: list[int] | Exception) -> None:
    """Give each of several waiting callers its part of one answer."""
    start = 0
    for length, done in parts:
        done(reply if isinstance(reply, Exception) else reply[start : start + length])
        start += length


def _room_state(room_id: str, reply: Reply) -> RoomState:
    _, version, epoch, now, state, created, deadline, starts, ends, target, terms, revision, free, *seats = reply
    kind, stake, capacity, min_players, fee_bps, finished, reason, result, outcome, organizer, seat, key = terms
    players = []
    for seat_id, user_id, paid, profile_json, taps, seq, blocked, place in seats:
        if paid:
            profile = _profile(profile_json)
            players.append(
                PlayerState(
                    seat_id=seat_id.decode(),
                    user_id=user_id.decode(),
                    name=profile.name,
                    photo_url=profile.photo_url,
                    taps=taps,
                    seq=seq,
                    state="blocked" if blocked else "paid",
                    place=place or None,
                )
            )
    pool = int(stake) * len(players)
    return RoomState(
        room_id=room_id,
        kind=kind.decode(),
        state=state.decode(),
        stake=int(stake),
        capacity=int(capacity),
        min_players=int(min_players),
        fee_bps=int(fee_bps),
        target=target or None,
        pool=pool,
        prize=pool - pool * int(fee_bps) // 10000,
        organizer_id=organizer.decode() or None,
        organizer_seat_id=seat.decode() or None,
        key=key.decode() or None,
        created_ms=int(created),
        deadline_ms=deadline or None,
        starts_ms=starts or None,
        ends_ms=ends or None,
        finished_ms=int(finished) if finished else None,
        reason=reason.decode() if reason else None,
        version=version,
        revision=revision,
        free=free,
        epoch=epoch.decode(),
        server_time_ms=now,
        players=players,
        result=result or None,
        outcome=outcome or None,
    )
