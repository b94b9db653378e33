"""Flows that are killed with SIGKILL at a chosen step: run as a program, it forks a child for every line it reads.

The steps are the calls that a flow makes to its stores, counted by proxies around them; production code knows
nothing of it.  Dying after one call is the same as dying before the next, so the ends of calls are all the points
there are; a call whose answer was lost is one whose end was not reached.
"""

import asyncio
import inspect
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Self

from chance_tap.settings import Settings
from persistence.bonus_runs import BonusRuns
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.response_writer import ResponseWriter
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats
from persistence.rooms.settlement import Settlement
from workers.loops.bonus_runs import BonusFlush
from workers.loops.results import ResultReader

JOIN = "/api/v1/rooms/join"
CREATE = "/api/v1/rooms"
JOIN_BY_KEY = "/api/v1/rooms/join-by-key"


class Fuse:
    """Kills this process at the end of the call number `at`."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._calls = 0

    def burn(self, _name: str) -> None:
        self._calls += 1
        if self._calls == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """Stands for a store, or for a part of one, and reports the end of each awaited call."""

    _PARTS = frozenset({"rooms", "lobby", "results", "bonus"})

    def __init__(self, target: Any, burn: Callable[[str], None]) -> None:
        self._target = target
        self._burn = burn

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name in self._PARTS:
            return Watched(value, self._burn)
        if not inspect.iscoroutinefunction(value):
            return value

        async def watched(*args: Any, **kwargs: Any) -> Any:
            result = await value(*args, **kwargs)
            self._burn(name)
            return result

        return watched


async def join(live: RedisStore, db: Database, settings: Settings, user_id: int, stake: int, key: str = "key") -> None:
    seats = Seats(live, db, settings)
    await seats.join(user_id, stake, IdempotencyKey(JOIN, key, b"body"))
    await ResponseWriter(db).store(user_id, IdempotencyKey(JOIN, key, b"body"), b"answer")


async def create_hero(live: RedisStore, db: Database, settings: Settings, user_id: int, fee: int) -> None:
    seats = Seats(live, db, settings)
    await seats.create_hero(user_id, fee, IdempotencyKey(CREATE, "key", b"body"))
    await ResponseWriter(db).store(user_id, IdempotencyKey(CREATE, "key", b"body"), b"answer")


async def join_by_key(live: RedisStore, db: Database, settings: Settings, user_id: int, room_key: str) -> None:
    seats = Seats(live, db, settings)
    await seats.join_by_key(user_id, room_key, IdempotencyKey(JOIN_BY_KEY, "key", b"body"))
    await ResponseWriter(db).store(user_id, IdempotencyKey(JOIN_BY_KEY, "key", b"body"), b"answer")


async def refused_join(live: RedisStore, db: Database, settings: Settings, user_id: int, stake: int) -> None:
    """A join whose first seat is gone when it comes to be confirmed."""

    class Rooms:
        refusals = 1

        def __getattr__(self, name: str) -> Any:
            return getattr(live.rooms, name)

        async def confirm(self, room_id: str, seat_id: str, *rest: Any) -> Any:
            if self.refusals:
                self.refusals -= 1
                await live.rooms.leave(room_id, seat_id)
            return await live.rooms.confirm(room_id, seat_id, *rest)

    class Live:
        rooms = Rooms()

        def __getattr__(self, name: str) -> Any:
            return getattr(live, name)

    await join(Live(), db, settings, user_id, stake)  # type: ignore[arg-type]


async def leave(live: RedisStore, db: Database, settings: Settings, user_id: int, room_id: str) -> None:
    await Seats(live, db, settings).leave(user_id, room_id)


async def settle(live: RedisStore, db: Database, settings: Settings, room_id: str) -> None:
    """The stream reader, with one of the entries that wait."""
    reader = ResultReader(live, db, Settlement(live, db), consumer="doomed", stop=asyncio.Event())
    entries = [*await reader.read(), *await live.results.claim("doomed", idle_ms=0)]
    await reader.settle([entry for entry in entries if entry.room_id == room_id][:1])


async def void(live: RedisStore, db: Database, settings: Settings, room_id: str) -> None:
    await Settlement(live, db).void_room(room_id, "outage")


async def start_bonus(live: RedisStore, db: Database, settings: Settings, user_id: int) -> None:
    await BonusRuns(live, db, settings).start(user_id)


async def cancel_bonus(live: RedisStore, db: Database, settings: Settings, user_id: int) -> None:
    await BonusRuns(live, db, settings).cancel(user_id)


async def flush_bonus(live: RedisStore, db: Database, settings: Settings) -> None:
    await BonusFlush(live, db, BonusRuns(live, db, settings)).round()


SCENARIOS: dict[str, Callable[..., Awaitable[None]]] = {
    flow.__name__: flow
    for flow in (
        *(join, create_hero, join_by_key, refused_join, leave, settle, void),
        *(start_bonus, cancel_bonus, flush_bonus),
    )
}


async def _child(scenario: str, at: int, settings: Settings, args: tuple[Any, ...]) -> None:
    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    db = await Database.open(settings.database_url, name="doomed")
    burn = Fuse(at).burn
    await SCENARIOS[scenario](Watched(live, burn), Watched(db, burn), settings, *args)
    await db.close()
    await live.close()


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(_child(*pickle.loads(bytes.fromhex(line))))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


class CrashServer:
    """The program above, seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rooms.crash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    async def dies(self, scenario: str, at: int, settings: Settings, *args: Any) -> bool:
        """Run a flow to the end of its call number `at`; False: it made fewer and came to its end."""
        return await asyncio.to_thread(self._dies, scenario, at, settings, args)

    def _dies(self, scenario: str, at: int, settings: Settings, args: tuple[Any, ...]) -> bool:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(pickle.dumps((scenario, at, settings, args)).hex() + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"{scenario} failed at {at}"
        return code != 0


if __name__ == "__main__":
    main()
