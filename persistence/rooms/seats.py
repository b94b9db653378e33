"""Taking and giving back a seat: ticket, reservation, stake, confirmation, in an order that loses no Star.

Owns the two flows in which a player's request touches both stores.  A seat is held in Redis before it is paid and
confirmed after; it is tombstoned before its stake goes back.  So whatever step a process dies at, what is left is a
hold that expires or a paid seat, and the retry or the worker's loop for orphaned seats finishes it by its `seat_id`.
Must never release a seat whose payment is unknown.
"""

from functools import partial
from uuid import uuid4

import msgspec

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, ledger
from persistence.postgres.games import SeatRef, StakeReply
from persistence.postgres.idempotency import IdempotencyKey, KeyState
from persistence.postgres.pool import CommitUnknown, Database
from persistence.redis.keys import new_room_id
from persistence.redis.rooms import RoomTerms, SeatReply
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged
from persistence.rooms.hero_rooms import HeroRooms
from persistence.rooms.join_requests import Joined, JoinRequest, as_paid, bind, lookup, refusal, stake_terms
from persistence.rooms.settlement import Settlement

MAX_TRIES = 5
STATEMENT_LINES = 50
"""How far back a repeated leave finds what became of the seat."""


def standard_terms(settings: Settings, stake: int) -> RoomTerms:
    """The terms of a new standard room; rooms that are there keep theirs."""
    return RoomTerms(
        kind="standard",
        stake=stake,
        capacity=settings.capacity,
        min_players=settings.min_players,
        wait_ms=settings.wait_s * 1000,
        countdown_ms=settings.countdown_s * 1000,
        game_ms=settings.game_s * 1000,
        fee_bps=settings.house_fee_bps,
    )


class Seats:
    """Joins, leaves and new hero rooms; one a gateway."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._settings = settings
        self._settlement = Settlement(live, db)
        self._hero = HeroRooms(live, db, settings, self._settlement)

    async def join(self, user_id: int, stake: int, key: IdempotencyKey) -> Joined:
        """Pay a stake and sit down in the first standard room of it with a free seat.

        Raises:
            GameError: already_in_room (details: room_id), insufficient_balance (details: needed, balance), banned,
                idempotency_mismatch, idempotency_in_progress; temporarily_unavailable after `MAX_TRIES` rooms that
                were taken meanwhile.
            StoreUnavailable: what was paid, if anything, is found again by a retry with the same key.
        """
        new_room = standard_terms(self._settings, stake)
        return await self._take_seat(JoinRequest(user_id, stake_terms(new_room), key), new_room=new_room)

    async def join_by_key(self, user_id: int, room_key: str, key: IdempotencyKey) -> Joined:
        """Pay the fee of the hero room with this key, which must be in its one form, and sit down.

        Raises:
            GameError: as `join`; not_found (no waiting room has the key), room_full, room_closed.
            StoreUnavailable: as `join`.
        """
        state = await self._live.rooms.by_key(room_key)
        if state is None:
            return await self._joined_before(user_id, key, otherwise=ErrorCode.NOT_FOUND)
        if state.organizer_id == str(user_id):
            raise GameError(ErrorCode.ALREADY_IN_ROOM, {"room_id": state.room_id})
        return await self._take_seat(JoinRequest(user_id, stake_terms(state), key), only_room=state.room_id)

    async def create_hero(self, user_id: int, fee: int, key: IdempotencyKey) -> Joined:
        """Make a hero room; see `HeroRooms.create`."""
        return await self._hero.create(user_id, fee, key)

    async def leave(self, user_id: int, room_id: str) -> int:
        """Give the seat back while the room waits; the balance once the refund is committed.  May be repeated.  The
        organizer of a hero room takes the whole room back.

        Raises:
            GameError: room_closed (the game has started or is over), not_found (no seat there).
        """
        seat = await games.live_seat(self._db, user_id)
        if seat is None or seat.room_id != room_id:
            return await self._left_before(user_id, room_id)
        balance = await self.vacate(seat)
        return await ledger.balance(self._db, user_id) if balance is None else balance

    async def vacate(self, seat: games.Seat) -> int | None:
        """Give a live seat back while its room waits, and take an organizer's whole room back; the player's balance,
        or None after a room, whose organizer paid nothing.

        Raises:
            GameError: room_closed (the game has started or is over).
        """
        if seat.organizes:
            await self._hero.take_back(seat.user_id, seat.room_id)
            return None
        left = await self._live.rooms.leave(seat.room_id, seat.seat_id)
        match left.code:
            case "ok":
                refund = await self._settlement.refund(seat.seat_id, "left")
            case "not_found":
                raise StoreUnavailable("redis")  # the room is lost: if it stays so, every stake of it goes back
            case code:
                raise GameError(ErrorCode(code))
        if refund.status == "settled" or refund.balance is None:
            raise GameError(ErrorCode.ROOM_CLOSED)
        return refund.balance

    async def _left_before(self, user_id: int, room_id: str) -> int:
        lines = await ledger.statement(self._db, user_id, None, STATEMENT_LINES)
        last = next((line for line in lines if line.room_id == room_id), None)
        if last is None:  # an organizer has no line of its own room
            await self._hero.refuse_unless_taken_back(user_id, room_id)
            return await ledger.balance(self._db, user_id)
        if last.kind == "refund" and last.reason in ("left", "seat_gone", "seat_lost"):
            return await ledger.balance(self._db, user_id)
        seat = await games.live_seat(self._db, user_id)
        if seat is not None and seat.room_id == room_id:  # a join of the same player came in between
            return await self.leave(user_id, room_id)
        raise GameError(ErrorCode.ROOM_CLOSED)

    async def _take_seat(
        self, request: JoinRequest, *, only_room: str | None = None, new_room: RoomTerms | None = None
    ) -> Joined:
        """Hold a seat, pay and confirm: in `only_room`, or in the one that the lobby has a ticket for, which is made by
        the terms of `new_room` if need be."""
        for _ in range(MAX_TRIES):
            room_id = only_room or await self._live.lobby.ticket(
                request.terms.stake, new_room_id(), request.terms.capacity
            )
            seat = SeatRef(request.user_id, room_id, str(uuid4()))
            held = await self._live.rooms.reserve(room_id, seat.seat_id, str(seat.user_id), request.tag, new_room)
            match held.code:
                case "ok":
                    joined = await self._pay(request, seat)
                case "already_in_room":
                    joined = await self._meet_holder(request, room_id, held)
                case "room_full" | "room_closed" if only_room is None:
                    joined = None  # others were quicker: the next ticket is for another room
                case "room_closed":
                    return await self._joined_before(request.user_id, request.key, otherwise=ErrorCode.ROOM_CLOSED)
                case code:
                    raise GameError(ErrorCode(code))
            if joined is not None:
                return joined
        raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)

    async def _pay(self, request: JoinRequest, seat: SeatRef) -> Joined | None:
        """Stake for the held seat and confirm it.  None: this room will not do, try the next."""
        stake = partial(games.stake, self._db, seat, request.terms, request.key)
        try:
            reply = await bind(self._live, self._db, self._settlement, seat, stake)
        except CommitUnknown:
            raise
        except StoreUnavailable:
            await self._live.rooms.leave(seat.room_id, seat.seat_id)
            raise
        if reply.status == "paid":
            return await self._confirm(seat, reply)
        await self._live.rooms.leave(seat.room_id, seat.seat_id)
        match reply.status:
            case "stored":
                return Joined(None, reply.response, None)
            case "resume":
                return await self._resume(request.user_id, reply)
            case "room_closed":
                await self._close_decided(seat)
                return None
            case _:
                raise refusal(request, reply)

    async def _joined_before(self, user_id: int, key: IdempotencyKey, *, otherwise: ErrorCode) -> Joined:
        """The answer to a repetition that comes when the room is no longer open to newcomers; `otherwise` to all
        others."""
        earlier = await lookup(self._db, user_id, key)
        match earlier.status:
            case "stored":
                return Joined(None, earlier.response, None)
            case "resume":
                joined = await self._resume(user_id, earlier)
                if joined is not None:
                    return joined
        raise GameError(otherwise)

    async def _resume(self, user_id: int, earlier: StakeReply | KeyState) -> Joined | None:
        """Finish a join whose request died after its stake; None: its seat is gone and refunded, begin anew."""
        assert earlier.room_id is not None
        assert earlier.seat_id is not None
        seat = SeatRef(user_id, earlier.room_id, earlier.seat_id)
        return await self._confirm(seat, await as_paid(self._db, seat))

    async def _confirm(self, seat: SeatRef, paid: StakeReply) -> Joined | None:
        profile = msgspec.json.encode({"name": paid.name, "photo_url": paid.photo_url})
        confirmed = await self._live.rooms.confirm(seat.room_id, seat.seat_id, str(seat.user_id), profile)
        if confirmed.room is None:
            refund = await self._settlement.refund(seat.seat_id, "seat_gone")
            if refund.status == "settled":
                raise GameError(ErrorCode.ROOM_CLOSED)  # played and paid out long ago; only its response was not stored
            return None
        assert paid.balance is not None
        self._live.user_events.publish(seat.user_id, BalanceChanged(paid.balance))
        return Joined(confirmed.room, None, paid.balance)

    async def _meet_holder(self, request: JoinRequest, room_id: str, held: SeatReply) -> Joined | None:
        """The player has another seat in the room of the ticket: this request sent twice, another request, or a seat
        that Redis has back because it forgot the last second.  None: the seat was such a one, try again."""
        if held.holder_request == request.tag:
            earlier = await lookup(self._db, request.user_id, request.key)
            match earlier.status:
                case "stored":
                    return Joined(None, earlier.response, None)
                case "resume":
                    return await self._resume(request.user_id, earlier)
                case "absent" | "vacant":
                    if not held.holder_paid:
                        raise GameError(ErrorCode.IDEMPOTENCY_IN_PROGRESS)
        seat = await games.live_seat(self._db, request.user_id)
        if held.holder_paid and (seat is None or seat.seat_id != held.holder_seat_id):
            assert held.holder_seat_id is not None
            await self._live.rooms.leave(room_id, held.holder_seat_id)
            return None
        raise GameError(ErrorCode.ALREADY_IN_ROOM, {"room_id": room_id if seat is None else seat.room_id})

    async def _close_decided(self, seat: SeatRef) -> None:
        """Redis runs a room that Postgres has decided, since it came back older than it was: make it obey."""
        if await games.seat(self._db, seat.seat_id) is None:  # else it is this seat that was refunded meanwhile
            await self._settlement.void_room(seat.room_id, "outage")
