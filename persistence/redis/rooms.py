"""Typed calls of the room's scripts, one each.  Decides nothing that a script decides."""

from typing import Final, Literal

import msgspec

from persistence.redis import keys
from persistence.redis.codes import TapFrame
from persistence.redis.connection import Reply, ignore_reply
from persistence.redis.lobby import LobbyCommands, LobbyRoom
from persistence.redis.room_state import RoomState, read_room
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet
from persistence.redis.taps import TapLanes, TapsDone
from persistence.vocabulary import CancelReason, RoomKind, RoomOutcome

RESERVATION_MS: Final = 15_000  # longer than a stake's statement time-out
SETTLED_LIFE_S: Final = 600


class RoomTerms(msgspec.Struct, frozen=True):
    """Fixed when a room is made.  `target` 0: the time limit alone ends the game.

    `fee_bps` is the part of the pool that is not the winner's: the house's in a standard room, the organizer's in a
    hero room.  The last four are a hero room's; `organizer_profile`: `{"name": …, "photo_url": …}`.
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
    organizer_profile: bytes = b"{}"

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
    holder_request: str | None = None
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


class _Outcome(msgspec.Struct):
    outcome: RoomOutcome
    winner: str | None
    prize: int
    standings: msgspec.Raw


_outcome = msgspec.json.Decoder(_Outcome).decode


class RoomCommands:
    """Every method raises StoreUnavailable when the shard does not answer, and ValueError for what is no room id."""

    def __init__(self, router: Router, scripts: ScriptSet, lobby: LobbyCommands) -> None:
        self._router = router
        self._scripts = scripts
        self._lobby = lobby
        self._taps = TapLanes(router, scripts["tap_batch"])

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
            *(room_id, *terms.words(), organizer_id, seat_id, key, terms.organizer_profile),
        )
        return self._seat_reply(room_id, reply)

    async def start(self, room_id: str, user_id: str) -> StartReply:
        """The organizer's start.  Codes: ok (also repeated, in the countdown and later), forbidden (to its players),
        conflict (too few have paid), room_closed (cancelled, or its time is over), not_found (also to strangers)."""
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot, self._scripts["room_start"], (at.data, at.due), room_id, at.channel, user_id
        )
        return StartReply(reply[0].decode(), read_room(room_id, reply[8]) if len(reply) > 8 else None)

    async def by_key(self, key: str) -> RoomState | None:
        """The hero room of a (normalised) key, while it waits; a key is dead once its room has started or ended."""
        name = keys.room_key(key)
        room_id: bytes | None = await self._router.execute(keys.slot_of_key(name), "GET", name)
        state = None if room_id is None else await self.snapshot(room_id.decode())
        if state is None or state.state != "waiting" or state.key != key:
            return None
        return None if state.server_time_ms >= (state.deadline_ms or 0) else state

    async def reserve(
        self, room_id: str, seat_id: str, user_id: str, request_tag: str, terms: RoomTerms | None
    ) -> SeatReply:
        """Hold a seat for `RESERVATION_MS` in the name of the request with that tag.  With the terms of a standard room
        it makes the room if there is none.

        Codes: ok (also repeated), room_full, room_closed (also: no room, and none to make), already_in_room
        (`holder_*`: the same user's other seat; an organizer's own one).
        """
        at = keys.room(room_id)
        reply = await self._router.call(
            at.slot,
            self._scripts["seat_reserve"],
            (at.data, at.due, at.gone),
            *(room_id, seat_id, user_id, request_tag, RESERVATION_MS),
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
        return ConfirmReply(reply[0].decode(), read_room(room_id, reply[8]) if len(reply) > 8 else None)

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
            at.slot, self._scripts["room_tick"], (at.data, at.due, at.results, at.heartbeat), room_id, at.channel
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

    def observe(self, room_id: str, user_id: str, kind: str, value: str) -> None:
        """Count an observation about a player of a running room, without waiting: one that is lost is no harm.  `kind`
        has no space in it."""
        at = keys.room(room_id)
        words = (room_id, f"{user_id} {kind} {value}")
        self._router.run(at.slot, self._scripts["room_observe"], (at.data, at.observations), words, ignore_reply)

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
            (at.data, at.due, at.gone, at.log, at.observations),
            *(room_id, at.channel, outcome.outcome, outcome_json, finished, SETTLED_LIFE_S),
        )
        self._report(room_id, reply)

    async def snapshot(self, room_id: str) -> RoomState | None:
        """The whole room, or None."""
        at = keys.room(room_id)
        reply = await self._router.call(at.slot, self._scripts["room_snapshot"], (at.data,), room_id)
        return None if reply[0] == b"not_found" else read_room(room_id, reply)

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
        reply: list[bytes] = await self._router.call(at.slot, self._scripts["room_log"], (at.data, at.log))
        return reply[0]

    async def observations(self, room_id: str) -> dict[tuple[str, str, str], int]:
        """How often what was noted: (user id, kind, value)."""
        at = keys.room(room_id)
        flat: list[bytes] = await self._router.execute(at.slot, "HGETALL", at.observations)
        found: dict[tuple[str, str, str], int] = {}
        for field, count in zip(flat[::2], flat[1::2], strict=True):
            user_id, kind, value = field.decode().split(" ", 2)
            found[user_id, kind, value] = int(count)
        return found

    async def exists(self, room_id: str) -> bool:
        at = keys.room(room_id)
        return bool(await self._router.execute(at.slot, "EXISTS", at.data))

    def tap_batch(self, room_id: str, frames: list[TapFrame], done: TapsDone, origin: str | None = None) -> None:
        """Apply frames in their order; `done` gets a TapStatus number for each, or the error.

        `origin`: apply them only where the room's server still is who it was then; else it is StoreUnavailable.
        """
        self._taps.send(room_id, frames, done, origin)

    def origin(self, room_id: str) -> str:
        """Who the room's server is: another one, or one that restarted, has another origin."""
        return self._router.owner(keys.room(room_id).slot).replid

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
            holder_request=None if holder[1] is None else holder[1].decode(),
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
