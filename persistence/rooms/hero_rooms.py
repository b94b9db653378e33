"""Making a hero room and taking it back: its organizer's two flows through both stores.

Redis has the room first, with a key that nobody has yet, so one whose request dies expires by itself; Postgres binds
the organizer to it, and only then the key is handed out.  An organizer pays nothing and holds no seat in Redis: the
seat in Postgres is decided with the room.  Must never take a room from players once its game has begun.
"""

from functools import partial
from typing import Final
from uuid import uuid4

import msgspec

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, leaderboards
from persistence.postgres.games import SeatRef
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import CommitUnknown, Database
from persistence.redis.keys import new_room_id, new_room_key, partition_of_key
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from persistence.rooms.join_requests import Joined, JoinRequest, bind, free_player, lookup, refusal, stake_terms
from persistence.rooms.settlement import Settlement

ORGANIZER_BPS: Final = 1000
"""The organizer's tenth of the pool, in hundredths of a per cent; rounded down, so the winner never gets less."""
MIN_PLAYERS: Final = 2


def hero_terms(
    settings: Settings, fee: int, organizer_id: int, seat_id: str, room_key: str, profile: bytes
) -> RoomTerms:
    """The terms of a new hero room."""
    return RoomTerms(
        kind="hero",
        stake=fee,
        capacity=settings.hero_capacity,
        min_players=MIN_PLAYERS,
        wait_ms=settings.hero_wait_s * 1000,
        countdown_ms=settings.countdown_s * 1000,
        game_ms=settings.game_s * 1000,
        fee_bps=ORGANIZER_BPS,
        target=settings.hero_target,
        organizer_id=str(organizer_id),
        organizer_seat_id=seat_id,
        key=room_key,
        organizer_profile=profile,
    )


class HeroRooms:
    """Creates and takes back; players sit down by `Seats`."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings, settlement: Settlement) -> None:
        self._live = live
        self._db = db
        self._settings = settings
        self._settlement = settlement

    async def create(self, user_id: int, fee: int, key: IdempotencyKey) -> Joined:
        """Make a room and bind its organizer to it.

        Raises:
            GameError: already_in_room (details: room_id), banned, idempotency_mismatch, idempotency_in_progress.
            StoreUnavailable: a retry with the same key finds the room, if it was made.
        """
        room_key, seat_id = new_room_key(), str(uuid4())
        room_id = new_room_id(partition_of_key(room_key))
        public_profile = (await leaderboards.public_profiles(self._db, [user_id])).get(user_id)
        profile = msgspec.json.encode(
            {"name": public_profile.name, "photo_url": public_profile.photo_url} if public_profile else {}
        )
        terms = hero_terms(self._settings, fee, user_id, seat_id, room_key, profile)
        request = JoinRequest(user_id, stake_terms(terms), key)
        # Asked first, so that repeated and hopeless requests leave no rooms behind; the statement decides.  The seat
        # before the key: a seat that another send of this request took then comes with its key.
        bound = await games.live_seat(self._db, user_id)
        earlier = await lookup(self._db, user_id, key)
        match earlier.status:
            case "stored":
                return Joined(None, earlier.response, None)
            case "resume":
                return await self._resume(earlier.room_id, earlier.seat_id)
        if bound is not None and not await free_player(self._live, self._db, self._settlement, user_id, bound.room_id):
            raise GameError(ErrorCode.ALREADY_IN_ROOM, {"room_id": bound.room_id})

        made = await self._live.rooms.make(room_id, terms)
        if made.code != "ok":  # somebody else's room has the key
            raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)
        try:
            seat = SeatRef(user_id, room_id, seat_id)
            organize = partial(games.organize, self._db, seat, request.terms, key)
            reply = await bind(self._live, self._db, self._settlement, seat, organize)
        except CommitUnknown:
            raise
        except StoreUnavailable:
            await self._live.rooms.cancel(room_id, "empty")
            raise
        if reply.status == "paid":
            return await self._as_made(room_id, reply.balance)
        await self._live.rooms.cancel(room_id, "empty")
        match reply.status:
            case "stored":
                return Joined(None, reply.response, None)
            case "resume":
                return await self._resume(reply.room_id, reply.seat_id)
            case "room_closed":  # so slow that the room was over before it was known: the retry makes another
                raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)
            case _:
                raise refusal(request, reply)

    async def take_back(self, user_id: int, room_id: str) -> None:
        """The organizer leaves: cancel the waiting room and return every stake.

        Raises:
            GameError: room_closed (the game has started or is over).
        """
        cancelled = await self._live.rooms.cancel(room_id, "organizer_left", str(user_id))
        match cancelled.code:
            case "ok":
                result = await self._live.rooms.result(room_id)
            case "not_found":
                raise StoreUnavailable("redis")  # the room is lost: if it stays so, every stake of it goes back
            case code:
                raise GameError(ErrorCode(code))
        if result is None:
            raise StoreUnavailable("redis")
        outcome = await self._settlement.settle_room(room_id, result)
        if outcome.outcome != "refunded":
            raise GameError(ErrorCode.ROOM_CLOSED)

    async def refuse_unless_taken_back(self, user_id: int, room_id: str) -> None:
        """Let the repetition of an organizer's leave pass, as far as Redis remembers the room.

        Raises:
            GameError: room_closed (the room ended otherwise), not_found (this user organized no such room).
        """
        state = await self._live.rooms.snapshot(room_id)
        if state is None or state.organizer_id != str(user_id):
            raise GameError(ErrorCode.NOT_FOUND)
        if state.reason != "organizer_left":
            raise GameError(ErrorCode.ROOM_CLOSED)

    async def _resume(self, room_id: str | None, seat_id: str | None) -> Joined:
        """The room of a join whose request died after Postgres had it: as it is by now."""
        assert room_id is not None
        assert seat_id is not None
        seat = await games.seat(self._db, seat_id)
        if seat is not None and seat.state == "settled" and not await self._live.rooms.exists(room_id):
            raise GameError(ErrorCode.ROOM_CLOSED)  # played long ago; only its response was never stored
        return await self._as_made(room_id, None)

    async def _as_made(self, room_id: str, balance: int | None) -> Joined:
        state = await self._live.rooms.snapshot(room_id)
        if state is None:
            raise StoreUnavailable("redis")  # lost already: when it is void, the same key makes another
        return Joined(state, None, balance)
