"""A game of three in one real room, in virtual time: what the tests of the tap path play."""

import asyncio

from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.room_state import RoomState
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from tests.lua.clocked import NOON_MS, set_clock

START_MS, GAME_MS = NOON_MS + 3000, 60_000
END_MS = START_MS + GAME_MS


def terms(target: int = 0) -> RoomTerms:
    return RoomTerms("standard", 50, 3, 2, 60_000, 3000, GAME_MS, 0, target)


class Game:
    """Three players of one real room in virtual time; the game starts at START_MS."""

    def __init__(self, store: RedisStore) -> None:
        self.store = store
        self.room_id = keys.new_room_id()

    async def open(self, target: int = 0) -> "Game":
        for user_id in ("1", "2", "3"):
            seat_id = f"00000000-0000-4000-8000-00000000000{user_id}"
            await self.store.rooms.reserve(self.room_id, seat_id, user_id, "a", terms(target))
            await self.store.rooms.confirm(self.room_id, seat_id, user_id, b"{}")
        return self

    async def at(self, now_ms: int, *frames: TapFrame) -> list[TapStatus]:
        await set_clock(self.store, now_ms)
        done: asyncio.Future[list[int] | Exception] = asyncio.get_running_loop().create_future()
        self.store.rooms.tap_batch(self.room_id, list(frames), done.set_result)
        reply = await done
        assert isinstance(reply, list)
        return [TapStatus(number) for number in reply]

    async def tap(self, now_ms: int, count: int, stamp: int | None = None, user_id: str = "1") -> TapStatus:
        return (await self.at(now_ms, TapFrame(user_id, count, now_ms if stamp is None else stamp)))[0]

    async def state(self) -> RoomState:
        state = await self.store.rooms.snapshot(self.room_id)
        assert state is not None
        return state

    async def taps(self, user_id: str = "1") -> int:
        return next(player.taps for player in (await self.state()).players if player.user_id == user_id)
