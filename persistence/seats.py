"""Taking and giving back a seat: ticket, reservation, stake, confirmation, in an order that loses no Star.

Owns the two flows in which a player's request touches both stores.  A seat is held in Redis before it is paid and
confirmed after; it is tombstoned before its stake goes back.  So whatever step a process dies at, what is left is a
hold that expires or a paid seat, and the retry or the worker's orphan sweep finishes it by its `seat_id`.
Must never release a seat whose payment is unknown.
"""

import asyncio
import hashlib
import time
from uuid import uuid4

import msgspec

from chance_tap.settings import Settings
from persistence.answers import AnswerWriter
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, idempotency, ledger, users
from persistence.postgres.pool import CommitUnknown, Database
from persistence.redis.keys import new_room_id
from persistence.redis.live import LiveStore
from persistence.redis.rooms import RoomState, RoomTerms, SeatReply
from persistence.settlement import Settlement

MAX_TRIES = 5
COMMIT_PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Between questions whether a stake was committed; the first is asked when the answer is lost."""
COMMIT_PATIENCE_S = 9.0
"""After this long nothing more is asked: a Postgres that hangs would keep the player waiting for a minute."""
STATEMENT_LINES = 50
"""How far back a repeated leave finds what became of the seat."""


class Joined(msgspec.Struct, frozen=True):
    """The room one now sits in and the balance after paying; or the stored answer of an earlier send."""

    room_state: RoomState | None
    answer: bytes | None
    balance: int | None


class _Attempt(msgspec.Struct, frozen=True):
    """What one Idempotency-Key stands for."""

    user_id: int
    terms: RoomTerms
    endpoint: str
    key: str
    body_hash: bytes

    @property
    def tag(self) -> str:
        """Names the attempt in Redis, so that its repetition is told from another request of the same player."""
        return hashlib.sha256(f"{self.endpoint}\0{self.key}".encode()).hexdigest()[:16]


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
    """Joins and leaves; one a gateway."""

    def __init__(self, live: LiveStore, db: Database, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._settings = settings
        self._settlement = Settlement(live, db)
        self._answers = AnswerWriter(db)

    async def join(self, user_id: int, stake: int, endpoint: str, key: str, body_hash: bytes) -> Joined:
        """Pay a stake and sit down in the first standard room of it with a free seat.

        Raises:
            GameError: already_in_room (details: room_id), insufficient_balance (details: needed, balance), banned,
                idempotency_mismatch, idempotency_in_progress; temporarily_unavailable after `MAX_TRIES` rooms that
                were taken meanwhile.
            StoreUnavailable: what was paid, if anything, is found again by a retry with the same key.
        """
        attempt = _Attempt(user_id, standard_terms(self._settings, stake), endpoint, key, body_hash)
        for _ in range(MAX_TRIES):
            room_id = await self._live.lobby.ticket(stake, new_room_id(), attempt.terms.capacity)
            seat_id = str(uuid4())
            held = await self._live.rooms.reserve(room_id, seat_id, str(user_id), attempt.tag, attempt.terms)
            match held.code:
                case "ok":
                    joined = await self._pay(attempt, room_id, seat_id)
                case "already_in_room":
                    joined = await self._meet_holder(attempt, room_id, held)
                case "room_full" | "room_closed":
                    joined = None
                case code:
                    raise GameError(ErrorCode(code))
            if joined is not None:
                return joined
        raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)

    async def store_answer(self, user_id: int, endpoint: str, key: str, answer: bytes) -> None:
        """Keep a successful answer for repetitions; returns once it is committed, together with others' answers."""
        await self._answers.store(user_id, endpoint, key, answer)

    async def leave(self, user_id: int, room_id: str) -> int:
        """Give the seat back while the room waits; the balance once the refund is committed.  May be repeated.

        Raises:
            GameError: room_closed (the game has started or is over), not_found (no seat there).
        """
        seat = await games.live_seat(self._db, user_id)
        if seat is None or seat.room_id != room_id:
            return await self._left_before(user_id, room_id)
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
        if last is None:
            raise GameError(ErrorCode.NOT_FOUND)
        if last.kind == "refund" and last.reason in ("left", "seat_gone", "seat_lost"):
            return await ledger.balance(self._db, user_id)
        seat = await games.live_seat(self._db, user_id)
        if seat is not None and seat.room_id == room_id:  # a join of the same player came in between
            return await self.leave(user_id, room_id)
        raise GameError(ErrorCode.ROOM_CLOSED)

    async def _pay(self, attempt: _Attempt, room_id: str, seat_id: str) -> Joined | None:
        """Stake for the held seat and confirm it.  None: this room will not do, try the next."""
        try:
            reply = await self._stake(attempt, room_id, seat_id)
            if reply.status == "already_in_room" and await self._free_player(attempt.user_id, reply):
                reply = await self._stake(attempt, room_id, seat_id)
        except CommitUnknown:
            raise
        except StoreUnavailable:
            await self._live.rooms.leave(room_id, seat_id)
            raise
        if reply.status == "paid":
            return await self._confirm(attempt, room_id, seat_id, reply)
        await self._live.rooms.leave(room_id, seat_id)
        match reply.status:
            case "stored":
                return Joined(None, reply.answer, None)
            case "resume":
                return await self._resume(attempt, reply)
            case "room_closed":
                await self._close_decided(room_id, seat_id)
                return None
            case _:
                raise _refusal(attempt, reply)

    async def _stake(self, attempt: _Attempt, room_id: str, seat_id: str) -> games.StakeReply:
        """Take the stake.  Where the answer is lost, ask by the same key and seat: that statement waits for the lost
        one, so it finds the stake or makes it, and never makes two.

        Raises:
            CommitUnknown: still unknown; the seat must stay as it is.
        """
        unknown: CommitUnknown | None = None
        began = time.monotonic()
        for pause_s in (0.0, *COMMIT_PAUSES_S):
            if unknown is not None and time.monotonic() - began > COMMIT_PATIENCE_S:
                break
            if pause_s:
                await asyncio.sleep(pause_s)
            try:
                reply = await games.stake(
                    self._db,
                    user_id=attempt.user_id,
                    room_id=room_id,
                    seat_id=seat_id,
                    amount=attempt.terms.stake,
                    kind=attempt.terms.kind,
                    capacity=attempt.terms.capacity,
                    fee_bps=attempt.terms.fee_bps,
                    endpoint=attempt.endpoint,
                    key=attempt.key,
                    body_hash=attempt.body_hash,
                )
            except CommitUnknown as error:
                unknown = error
            except StoreUnavailable:
                if unknown is None:
                    raise
            else:
                if reply.status == "idempotency_in_progress" and reply.seat_id == seat_id:
                    return await self._as_paid(attempt.user_id, room_id, seat_id)
                return reply
        assert unknown is not None
        raise unknown

    async def _as_paid(self, user_id: int, room_id: str, seat_id: str) -> games.StakeReply:
        """The reply of a stake that was committed earlier."""
        me = await users.me(self._db, user_id)
        return games.StakeReply("paid", room_id, seat_id, me.balance, me.name, me.photo_url, None)

    async def _resume(self, attempt: _Attempt, earlier: games.StakeReply | idempotency.KeyState) -> Joined | None:
        """Finish an attempt whose request died after its stake; None: its seat is gone and refunded, begin anew."""
        assert earlier.room_id is not None
        assert earlier.seat_id is not None
        paid = await self._as_paid(attempt.user_id, earlier.room_id, earlier.seat_id)
        return await self._confirm(attempt, earlier.room_id, earlier.seat_id, paid)

    async def _confirm(self, attempt: _Attempt, room_id: str, seat_id: str, paid: games.StakeReply) -> Joined | None:
        profile = msgspec.json.encode({"name": paid.name, "photo_url": paid.photo_url})
        confirmed = await self._live.rooms.confirm(room_id, seat_id, str(attempt.user_id), profile)
        if confirmed.room is None:
            refund = await self._settlement.refund(seat_id, "seat_gone")
            if refund.status == "settled":
                raise GameError(ErrorCode.ROOM_CLOSED)  # played and paid out long ago; only its answer was never stored
            return None
        assert paid.balance is not None
        self._settlement.tell_balance(attempt.user_id, paid.balance)
        return Joined(confirmed.room, None, paid.balance)

    async def _meet_holder(self, attempt: _Attempt, room_id: str, held: SeatReply) -> Joined | None:
        """The player has another seat in the room of the ticket: this request sent twice, another request, or a seat
        that Redis has back because it forgot the last second.  None: the seat was such a one, try again."""
        if held.holder_attempt == attempt.tag:
            known = await idempotency.lookup(
                self._db, attempt.user_id, attempt.endpoint, attempt.key, attempt.body_hash
            )
            match known.status:
                case "stored":
                    return Joined(None, known.answer, None)
                case "resume":
                    return await self._resume(attempt, known)
                case "idempotency_mismatch" | "idempotency_in_progress":
                    raise GameError(ErrorCode(known.status))
                case "absent" | "vacant":
                    if not held.holder_paid:
                        raise GameError(ErrorCode.IDEMPOTENCY_IN_PROGRESS)
        seat = await games.live_seat(self._db, attempt.user_id)
        if held.holder_paid and (seat is None or seat.seat_id != held.holder_seat_id):
            assert held.holder_seat_id is not None
            await self._live.rooms.leave(room_id, held.holder_seat_id)
            return None
        raise GameError(ErrorCode.ALREADY_IN_ROOM, {"room_id": room_id if seat is None else seat.room_id})

    async def _free_player(self, user_id: int, reply: games.StakeReply) -> bool:
        """Finish what binds the player to an earlier room, where that is over; True: the stake may be tried again."""
        assert reply.room_id is not None
        result = await self._live.rooms.result(reply.room_id)
        if result is not None:
            await self._settlement.settle_room(reply.room_id, result)
            return True
        seat = await games.live_seat(self._db, user_id)
        if seat is None:
            return True
        held = await self._live.rooms.seats(seat.room_id)
        if held is None or any(other.seat_id == seat.seat_id for other in held):
            return False
        return await self._settlement.release_lost(seat)

    async def _close_decided(self, room_id: str, seat_id: str) -> None:
        """Redis runs a room that Postgres has decided, since it came back older than it was: make it obey."""
        if await games.seat(self._db, seat_id) is None:  # else it is this seat that was refunded meanwhile
            await self._settlement.void_room(room_id, "outage")


def _refusal(attempt: _Attempt, reply: games.StakeReply) -> GameError:
    code = ErrorCode(reply.status)
    match code:
        case ErrorCode.INSUFFICIENT_BALANCE:
            return GameError(code, {"needed": attempt.terms.stake, "balance": reply.balance})
        case ErrorCode.ALREADY_IN_ROOM:
            return GameError(code, {"room_id": reply.room_id})
        case _:
            return GameError(code)
