"""What has to exist before load: users with Stars, tokens, full rooms.  Made by the product's own functions.

Owns files of players for the load generators, one line each: user id, room id, token.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
import psycopg

from benchmarks.machine import BenchError
from gateway.auth.tokens import Tokens
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.keys import new_room_id
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore

SEATS = 10
STAKE = 20
FIRST_TELEGRAM_ID = 920_000_000_000_000
_AT_ONCE = 64
# Only what was filled: an empty table that is known to be empty is read whole by every plan made before it fills.
_VACUUM = "VACUUM ANALYZE public.users, auth.users, ledger.accounts, ledger.balances, ledger.transfers, ledger.entries"
_TOKEN_LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class Seeded:
    """A room with the user and seat ids in it."""

    room_id: str
    users: Sequence[int]
    seats: Sequence[str]


def make_users(admin_url: str, count: int) -> list[int]:
    """`count` new accounts with 1000 Stars each, by the function that logins use: demo Stars, which a database of
    production never gives out, so for these moments it is none."""
    users: list[int] = []
    with psycopg.connect(admin_url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM public.users").fetchone()
        before = row[0] if row else 0
        while len(users) < count:
            # The first few are for statistics: plans made on empty tables read them whole.
            batch = min(count - len(users), 5000 if users else 200)
            connection.execute("UPDATE public.installation SET env = 'development'")
            rows = connection.execute(
                "SELECT (auth.log_in_telegram(%(id)s + n, 'Bench', NULL, NULL, NULL, 'en', false, 1000)).o_user_id"
                " FROM generate_series(1, %(n)s) AS n",
                {"id": FIRST_TELEGRAM_ID + before + len(users), "n": batch},
            )
            users += [int(row[0]) for row in rows]
            connection.execute("UPDATE public.installation SET env = 'production'")
            connection.execute(_VACUUM)
    return users


def write_players(file: Path, jwt_secret: str, users: Sequence[int], rooms: Sequence[Seeded] = ()) -> None:
    """One line a user; the room is that of the seat the user has, if any."""
    tokens = Tokens([jwt_secret], _TOKEN_LIFE_S)
    room_of = {user: room.room_id for room in rooms for user in room.users}
    with file.open("w") as lines:
        for user in users:
            token, _ = tokens.issue(str(user), None, "user")
            lines.write(f"{user} {room_of.get(user, '-')} {token}\n")


def write_peer_players(file: Path, count: int) -> None:
    """The same for the peers, whose token is `room:seat:user`."""
    with file.open("w") as lines:
        for number in range(count):
            room, seat, user = number // SEATS, number % SEATS, 100_000 + number
            lines.write(f"{user} {room} {room}:{seat}:{user}\n")


async def make_rooms(redis_url: str, users: Sequence[int], *, countdown_ms: int, game_ms: int) -> list[Seeded]:
    """Seat all users, ten a room, and start every game."""
    rooms = [
        Seeded(new_room_id(), users[at : at + SEATS], [str(uuid.uuid4()) for _ in range(SEATS)])
        for at in range(0, len(users) - SEATS + 1, SEATS)
    ]
    terms = RoomTerms(
        kind="standard", stake=STAKE, capacity=SEATS, min_players=2, wait_ms=60_000, countdown_ms=countdown_ms,
        game_ms=game_ms, fee_bps=0,
    )  # fmt: skip
    gate = asyncio.Semaphore(_AT_ONCE)

    async def fill(live: RedisStore, room: Seeded) -> None:
        async with gate:
            for user, seat in zip(room.users, room.seats, strict=True):
                await live.rooms.reserve(room.room_id, seat, str(user), seat, terms)
                profile = orjson.dumps({"name": f"Bench {user}", "photo_url": None})
                reply = await live.rooms.confirm(room.room_id, seat, str(user), profile)
                if reply.code != "ok":
                    raise BenchError(f"a seat was refused while rooms were made: {reply.code}")

    live = await RedisStore.open(redis_url)
    try:
        await asyncio.gather(*(fill(live, room) for room in rooms))
        await asyncio.gather(*(_tick_until(live, room.room_id, "playing") for room in rooms))
    finally:
        await live.close()
    return rooms


async def play_and_finish(redis_url: str, rooms: Sequence[Seeded]) -> None:
    """One frame of taps a player, then every game to its end; the results wait in the streams."""
    live = await RedisStore.open(redis_url)
    try:
        taps: list[asyncio.Future[None]] = []
        for room in rooms:
            frames = [
                TapFrame(user_id=str(user), seq=1, taps=1 + place, timestamp=live.now_ms())
                for place, user in enumerate(room.users)
            ]
            applied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            live.rooms.tap_batch(room.room_id, frames, partial(_applied, applied))
            taps.append(applied)
        await asyncio.gather(*taps)
        await asyncio.gather(*(_tick_until(live, room.room_id, "finished") for room in rooms))
    finally:
        await live.close()


def _applied(waiting: "asyncio.Future[None]", statuses: list[int] | Exception) -> None:
    if isinstance(statuses, Exception):
        waiting.set_exception(statuses)
    elif set(statuses) != {TapStatus.OK}:
        waiting.set_exception(BenchError(f"taps were refused: {statuses}"))
    else:
        waiting.set_result(None)


async def _tick_until(live: RedisStore, room_id: str, state: str) -> None:
    while (reply := await live.rooms.tick(room_id)).state != state:
        if reply.code != "ok" or reply.remaining_ms < 0:
            raise BenchError(f"room {room_id} is {reply.state}, not {state}")
        await asyncio.sleep(max(reply.remaining_ms, 1) / 1000)


def pay_seats(admin_url: str, rooms: Sequence[Seeded]) -> None:
    """The stakes of all seats, by the function that joins use."""
    with psycopg.connect(admin_url) as connection, connection.cursor() as cursor:
        for room in rooms:
            cursor.execute(
                "SELECT set_config('jwt.claims.user_id', user_id::text, true),"
                " (game.stake(user_id, %(room)s, seat_id, %(stake)s, 'standard', %(seats)s, 0, 'bench',"
                " seat_id::text, ''::bytea, 30.0)).o_status"
                " FROM unnest(%(users)s::bigint[], %(ids)s::uuid[]) AS seat (user_id, seat_id)",
                {
                    "room": room.room_id,
                    "stake": STAKE,
                    "seats": SEATS,
                    "users": list(room.users),
                    "ids": list(room.seats),
                },
            )
            if {row[1] for row in cursor.fetchall()} != {"paid"}:
                raise BenchError("a stake was refused while rooms were made")
