"""Taking and giving back a seat: ticket, reservation, stake, confirmation, in an order that loses no Star.

Owns the two flows in which a player's request touches both stores.  A seat is held in Redis before it is paid and
confirmed after; it is tombstoned before its stake goes back.  So whatever step a process dies at, what is left is a
hold that expires or a paid seat, and the retry or the worker's orphan sweep finishes it by its `seat_id`.
Must never release a seat whose payment is unknown.
"""

from uuid import uuid4

import msgspec

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, idempotency, ledger
from persistence.postgres.answer_writer import AnswerWriter
from persistence.postgres.pool import CommitUnknown, Database
from persistence.redis.keys import new_room_id
from persistence.redis.rooms import RoomState, RoomTerms, SeatReply
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged
from persistence.rooms.hero_rooms import HeroRooms
from persistence.rooms.join_requests import Joined, JoinRequest, as_paid, ask, free_player, known, refusal
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
        self._answers = AnswerWriter(db)

    async def join(self, user_id: int, stake: int, endpoint: str, key: str, body_hash: bytes) -> Joined:
        """Pay a stake and sit down in the first standard room of it with a free seat.

        Raises:
            GameError: already_in_room (details: room_id), insufficient_balance (details: needed, balance), banned,
                idempotency_mismatch, idempotency_in_progress; temporarily_unavailable after `MAX_TRIES` rooms that
                were taken meanwhile.
            StoreUnavailable: what was paid, if anything, is found again by a retry with the same key.
        """
        request = JoinRequest(user_id, standard_terms(self._settings, stake), endpoint, key, body_hash)
        for _ in range(MAX_TRIES):
            room_id = await self._live.lobby.ticket(stake, new_room_id(), request.terms.capacity)
            seat_id = str(uuid4())
            held = await self._live.rooms.reserve(room_id, seat_id, str(user_id), request.tag, request.terms)
            match held.code:
                case "ok":
                    joined = await self._pay(request, room_id, seat_id)
                case "already_in_room":
                    joined = await self._meet_holder(request, room_id, held)
                case "room_full" | "room_closed":
                    joined = None
                case code:
                    raise GameError(ErrorCode(code))
            if joined is not None:
                return joined
        raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)

    async def join_by_key(self, user_id: int, room_key: str, endpoint: str, key: str, body_hash: bytes) -> Joined:
        """Pay the fee of the hero room with this key, which must be in its one form, and sit down.

        Raises:
            GameError: as `join`; not_found (no waiting room has the key), room_full, room_closed.
            StoreUnavailable: as `join`.
        """
        state = await self._live.rooms.by_key(room_key)
        if state is None:
            return await self._joined_before(user_id, ErrorCode.NOT_FOUND, endpoint, key, body_hash)
        if state.organizer_id == str(user_id):
            raise GameError(ErrorCode.ALREADY_IN_ROOM, {"room_id": state.room_id})
        request = JoinRequest(user_id, _terms_of(state), endpoint, key, body_hash)
        for _ in range(MAX_TRIES):
            seat_id = str(uuid4())
            held = await self._live.rooms.reserve(state.room_id, seat_id, str(user_id), request.tag, None)
            match held.code:
                case "ok":
                    joined = await self._pay(request, state.room_id, seat_id)
                case "already_in_room":
                    joined = await self._meet_holder(request, state.room_id, held)
                case "room_closed":
                    return await self._joined_before(user_id, ErrorCode.ROOM_CLOSED, endpoint, key, body_hash)
                case code:
                    raise GameError(ErrorCode(code))
            if joined is not None:
                return joined
        raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)

    async def create_hero(self, user_id: int, fee: int, endpoint: str, key: str, body_hash: bytes) -> Joined:
        """Make a hero room; see `HeroRooms.create`."""
        return await self._hero.create(user_id, fee, endpoint, key, body_hash)

    async def store_answer(self, user_id: int, endpoint: str, key: str, answer: bytes) -> None:
        """Keep a successful answer for repetitions; returns once it is committed, together with others' answers."""
        await self._answers.store(user_id, endpoint, key, answer)

    async def leave(self, user_id: int, room_id: str) -> int:
        """Give the seat back while the room waits; the balance once the refund is committed.  May be repeated.  The
        organizer of a hero room takes the whole room back.

        Raises:
            GameError: room_closed (the game has started or is over), not_found (no seat there).
        """
        seat = await games.live_seat(self._db, user_id)
        if seat is None or seat.room_id != room_id:
            return await self._left_before(user_id, room_id)
        if seat.organizes:
            return await self._hero.take_back(user_id, room_id)
        left = await self._live.rooms.leave(room_id, seat.seat_id)
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

    async def _pay(self, request: JoinRequest, room_id: str, seat_id: str) -> Joined | None:
        """Stake for the held seat and confirm it.  None: this room will not do, try the next."""
        try:
            reply = await self._stake(request, room_id, seat_id)
            if reply.status == "already_in_room" and await self._free(request.user_id, reply.room_id):
                reply = await self._stake(request, room_id, seat_id)
        except CommitUnknown:
            raise
        except StoreUnavailable:
            await self._live.rooms.leave(room_id, seat_id)
            raise
        if reply.status == "paid":
            return await self._confirm(request.user_id, room_id, seat_id, reply)
        await self._live.rooms.leave(room_id, seat_id)
        match reply.status:
            case "stored":
                return Joined(None, reply.answer, None)
            case "resume":
                return await self._resume(request.user_id, reply)
            case "room_closed":
                await self._close_decided(room_id, seat_id)
                return None
            case _:
                raise refusal(request, reply)

    async def _stake(self, request: JoinRequest, room_id: str, seat_id: str) -> games.StakeReply:
        async def stake() -> games.StakeReply:
            return await games.stake(
                self._db,
                user_id=request.user_id,
                room_id=room_id,
                seat_id=seat_id,
                amount=request.terms.stake,
                kind=request.terms.kind,
                capacity=request.terms.capacity,
                fee_bps=request.terms.fee_bps,
                endpoint=request.endpoint,
                key=request.key,
                body_hash=request.body_hash,
            )

        return await ask(self._db, request.user_id, room_id, seat_id, stake)

    async def _joined_before(
        self, user_id: int, otherwise: ErrorCode, endpoint: str, key: str, body_hash: bytes
    ) -> Joined:
        """The answer to a repetition that comes when the room is no longer open to newcomers; `otherwise` to all
        others."""
        earlier = await known(self._db, user_id, endpoint, key, body_hash)
        match earlier.status:
            case "stored":
                return Joined(None, earlier.answer, None)
            case "resume":
                joined = await self._resume(user_id, earlier)
                if joined is not None:
                    return joined
        raise GameError(otherwise)

    async def _resume(self, user_id: int, earlier: games.StakeReply | idempotency.KeyState) -> Joined | None:
        """Finish a join whose request died after its stake; None: its seat is gone and refunded, begin anew."""
        assert earlier.room_id is not None
        assert earlier.seat_id is not None
        paid = await as_paid(self._db, user_id, earlier.room_id, earlier.seat_id)
        return await self._confirm(user_id, earlier.room_id, earlier.seat_id, paid)

    async def _confirm(self, user_id: int, room_id: str, seat_id: str, paid: games.StakeReply) -> Joined | None:
        profile = msgspec.json.encode({"name": paid.name, "photo_url": paid.photo_url})
        confirmed = await self._live.rooms.confirm(room_id, seat_id, str(user_id), profile)
        if confirmed.room is None:
            refund = await self._settlement.refund(seat_id, "seat_gone")
            if refund.status == "settled":
                raise GameError(ErrorCode.ROOM_CLOSED)  # played and paid out long ago; only its answer was never stored
            return None
        assert paid.balance is not None
        self._live.user_events.publish(user_id, BalanceChanged(paid.balance))
        return Joined(confirmed.room, None, paid.balance)

    async def _meet_holder(self, request: JoinRequest, room_id: str, held: SeatReply) -> Joined | None:
        """The player has another seat in the room of the ticket: this request sent twice, another request, or a seat
        that Redis has back because it forgot the last second.  None: the seat was such a one, try again."""
        if held.holder_attempt == request.tag:
            earlier = await known(self._db, request.user_id, request.endpoint, request.key, request.body_hash)
            match earlier.status:
                case "stored":
                    return Joined(None, earlier.answer, None)
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

    async def _free(self, user_id: int, room_id: str | None) -> bool:
        assert room_id is not None
        return await free_player(self._live, self._db, self._settlement, user_id, room_id)

    async def _close_decided(self, room_id: str, seat_id: str) -> None:
        """Redis runs a room that Postgres has decided, since it came back older than it was: make it obey."""
        if await games.seat(self._db, seat_id) is None:  # else it is this seat that was refunded meanwhile
            await self._settlement.void_room(room_id, "outage")


def _terms_of(state: RoomState) -> RoomTerms:
    """What a stake has to know of a room that is there."""
    return RoomTerms(
        kind=state.kind,
        stake=state.stake,
        capacity=state.capacity,
        min_players=state.min_players,
        wait_ms=0,
        countdown_ms=0,
        game_ms=0,
        fee_bps=state.fee_bps,
    )
