"""What can go wrong, one function a kind, and the seeded order in which it does.

A fault ends healed: whatever it killed runs again, whatever it cut is joined.  All chance comes from the seed and is
drawn before a fault begins, so a schedule is the same whatever the machine's speed.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import cast

import redis.asyncio as redis

from persistence.redis import keys
from persistence.redis.results import GROUP
from tests.chaos.money import MONEY
from tests.chaos.product import Part
from tests.chaos.scene import Action, Scene
from tests.chaos.wires import Road


@dataclass(frozen=True)
class Fault:
    """One line of the schedule."""

    number: int
    kind: str
    pause_s: float
    seed: int


@dataclass
class Happened:
    """A fault as it was: from when to when it lasted, by the clock of the event loop."""

    fault: Fault
    began: float
    ended: float
    detail: str


def schedule(seed: int, kinds: list[str], pauses_s: tuple[float, float]) -> Iterator[Fault]:
    """Without end: every kind once in a shuffled round, then the next round.  `pauses_s` come before each."""
    rng = random.Random(f"faults {seed}")
    number = itertools.count(1)
    while True:
        for kind in rng.sample(kinds, len(kinds)):
            yield Fault(next(number), kind, rng.uniform(*pauses_s), rng.getrandbits(32))


def _away_s(rng: random.Random) -> float:
    """For how long a store is away: short of the five seconds after which games are cancelled, or past them."""
    return rng.uniform(0.1, 3.5) if rng.random() < 0.6 else rng.uniform(5.5, 8.0)


# Processes that die.


async def _killed(parts: list[Part], away_s: float) -> str:
    for part in parts:
        part.kill()
    await asyncio.sleep(away_s)
    for part in parts:
        part.start()
    return f"{', '.join(part.name for part in parts)} for {away_s:.1f} s"


async def gateway_killed(scene: Scene, rng: random.Random) -> str:
    return await _killed([rng.choice(scene.product.gateways)], rng.uniform(0.2, 6))


async def gateways_killed(scene: Scene, rng: random.Random) -> str:
    return await _killed(scene.product.gateways, rng.uniform(0.1, 1.5))


async def worker_killed(scene: Scene, rng: random.Random) -> str:
    return await _killed([rng.choice(scene.product.workers)], rng.uniform(0.2, 6))


async def workers_killed(scene: Scene, rng: random.Random) -> str:
    return await _killed(scene.product.workers, rng.uniform(0.2, 6))


async def redis_killed(scene: Scene, rng: random.Random) -> str:
    away_s = _away_s(rng)
    scene.product.valkey.kill()
    await asyncio.sleep(away_s)
    await asyncio.to_thread(scene.product.valkey.start)
    return f"for {away_s:.1f} s"


async def postgres_killed(scene: Scene, rng: random.Random) -> str:
    away_s = _away_s(rng)
    await asyncio.to_thread(scene.product.kill_postgres)
    await asyncio.sleep(away_s)
    await asyncio.to_thread(scene.product.postgres.start)
    return f"for {away_s:.1f} s"


async def postgres_session_killed(scene: Scene, rng: random.Random) -> str:
    """One backend dies by -9: Postgres throws all the others out and recovers."""
    pid = rng.choice(scene.product.postgres_pids()[1:])
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.5)
    return "one of its processes"


async def both_stores_killed(scene: Scene, rng: random.Random) -> str:
    first_s, second_s = rng.uniform(0.1, 2), rng.uniform(0.1, 2)
    scene.product.valkey.kill()
    await asyncio.to_thread(scene.product.kill_postgres)
    await asyncio.sleep(first_s)
    await asyncio.to_thread(scene.product.valkey.start)
    await asyncio.sleep(second_s)
    await asyncio.to_thread(scene.product.postgres.start)
    return f"Redis for {first_s:.1f} s, Postgres for {first_s + second_s:.1f} s"


# Processes that hang.


async def _frozen(scene: Scene, name: str, pids: list[int], for_s: float) -> str:
    scene.product.freeze(name, pids)
    await asyncio.sleep(for_s)
    scene.product.thaw(name)
    return f"{name} for {for_s:.1f} s"


async def gateway_frozen(scene: Scene, rng: random.Random) -> str:
    part = rng.choice(scene.product.gateways)
    return await _frozen(scene, part.name, part.pids(), rng.uniform(1, 8))


async def worker_frozen(scene: Scene, rng: random.Random) -> str:
    """Sometimes for so long that its entries are taken over while it still holds them."""
    part = rng.choice(scene.product.workers)
    return await _frozen(scene, part.name, part.pids(), rng.uniform(1, 14))


async def redis_frozen(scene: Scene, rng: random.Random) -> str:
    return await _frozen(scene, "Redis", [scene.product.valkey.child.pid], _away_s(rng))


async def postgres_frozen(scene: Scene, rng: random.Random) -> str:
    return await _frozen(scene, "Postgres", scene.product.postgres_pids(), _away_s(rng))


# Connections.


async def _broken(roads: list[Road], rng: random.Random) -> str:
    """Cut, swallowed or slow; a swallowed connection either flows on afterwards or is dead."""
    how, for_s, reset = rng.choice(["cut", "swallowed", "slow"]), rng.uniform(0.3, 7), rng.random() < 0.5
    for road in roads:
        match how:
            case "cut":
                road.cut()
            case "swallowed":
                road.swallow()
            case _:
                road.delay_s = 0.1 + for_s / 7
    await asyncio.sleep(for_s)
    for road in roads:
        road.heal(reset=reset and how == "swallowed")
    return f"{', '.join(road.name for road in roads)} {how} for {for_s:.1f} s"


async def players_cut_off(scene: Scene, rng: random.Random) -> str:
    return await _broken([rng.choice(scene.product.gateways).clients], rng)


async def gateway_redis_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([rng.choice(scene.product.gateways).redis], rng)


async def gateway_postgres_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([rng.choice(scene.product.gateways).postgres], rng)


async def worker_redis_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([rng.choice(scene.product.workers).redis], rng)


async def worker_postgres_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([rng.choice(scene.product.workers).postgres], rng)


async def redis_cut(scene: Scene, rng: random.Random) -> str:
    """From everybody at once."""
    return await _broken([part.redis for part in scene.product.parts], rng)


async def postgres_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([part.postgres for part in scene.product.parts], rng)


# Telegram.


async def telegram_cut(scene: Scene, rng: random.Random) -> str:
    return await _broken([scene.outside.road], rng)


async def telegram_answers_lost(scene: Scene, rng: random.Random) -> str:
    """What is asked happens, and nobody is told."""
    for_s, bot = rng.uniform(1, 6), scene.outside.bot
    bot.lose_answer("*", times=None)
    await asyncio.sleep(for_s)
    bot.mend()
    return f"for {for_s:.1f} s"


async def telegram_updates_disturbed(scene: Scene, rng: random.Random) -> str:
    """Each comes several times and in any order; some do not come at all, and only Telegram's book tells of them."""
    for_s, copies, bot = rng.uniform(4, 10), rng.randint(2, 6), scene.outside.bot
    losing = random.Random(rng.random())
    bot.disturb(copies=copies, shuffle=random.Random(rng.random()))
    bot.lose(lambda update: "message" in update and losing.random() < 0.3)
    await asyncio.sleep(for_s)
    bot.lose(None)
    bot.disturb()
    return f"{copies} copies of each in any order, and three in ten lost, for {for_s:.1f} s"


# Redis set back.


async def redis_file_cut(scene: Scene, rng: random.Random) -> str:
    """The last second had not reached the disk when the machine died."""
    ago_s, away_s = rng.uniform(0.5, 1.2), rng.uniform(0.1, 2)
    lost = await asyncio.to_thread(scene.product.set_back, scene.sizes.ago(ago_s))
    await asyncio.sleep(away_s)
    await asyncio.to_thread(scene.product.valkey.start)
    return f"{ago_s:.1f} s ({lost} bytes) forgotten, away for {away_s:.1f} s"


async def replica_promoted(scene: Scene, rng: random.Random) -> str:
    """The master dies while its replica lags by a second."""
    lag_s, away_s = rng.uniform(0.5, 1.2), rng.uniform(0.1, 2)
    replica, road, door = await scene.product.start_replica()
    await asyncio.sleep(0.5)
    road.swallow()
    await asyncio.sleep(lag_s)
    scene.product.valkey.kill()
    road.cut()
    await asyncio.sleep(away_s)
    await scene.product.promote(replica)
    await door.close()
    return f"a replica {lag_s:.1f} s behind, after {away_s:.1f} s"


# The results streams.

_STRANGERS = ("0f" + "z" * 14, "ff" + "z" * 14, "not a room", "")


async def stream_poisoned(scene: Scene, rng: random.Random) -> str:
    """Entries that no script has made."""
    partition = rng.randrange(keys.PARTITIONS)
    room = _STRANGERS[0]
    entries: list[dict[str, bytes]] = [
        {"junk": b"\xff\x00"},
        {"room_id": room.encode(), "result": b"{"},
        {"room_id": room.encode(), "result": b"[]"},
        {"room_id": room.encode(), "result": json.dumps({"room_id": room, "outcome": "won"}).encode()},
        {
            "room_id": rng.choice(_STRANGERS).encode(),
            "result": json.dumps({"room_id": "0e" + "y" * 14, "outcome": "finished", "seats": []}).encode(),
        },
        {"room_id": b"\xff\xfe\x00", "result": b'{"outcome": "cancelled", "seats": 7, "finished_ms": 1}'},
    ]
    chosen = rng.sample(entries, 3)
    async with scene.redis() as client:
        for entry in chosen:
            entry_id = await client.xadd(keys.partition(partition).results, entry)  # type: ignore[arg-type]
            scene.poisoned.add((partition, entry_id.decode()))
    return f"{len(chosen)} malformed entries in partition {partition}"


async def results_repeated(scene: Scene, rng: random.Random) -> str:
    """Results of rooms that ended, settled or not, come once more."""
    async with scene.redis() as client:
        rooms = [key async for key in client.scan_iter(match="ct:*:room:*:data", count=500)]
        rng.shuffle(rooms)
        for key in rooms[:40]:
            result = await cast(Awaitable[bytes | None], client.hget(key, "result"))
            if result is not None:
                room_id = key.split(b":")[3].decode()
                stream = keys.partition(keys.partition_of(room_id)).results
                await client.xadd(stream, {"room_id": room_id, "result": result})
                scene.repeated += 1
    return "up to 40 results"


async def results_stolen(scene: Scene, rng: random.Random) -> str:
    """A consumer that reads what is new, claims what others hold, and dies with it."""
    for_s, taken = rng.uniform(1, 4), 0
    until = time.monotonic() + for_s
    async with scene.redis() as client:
        while time.monotonic() < until:
            for number in range(keys.PARTITIONS):
                stream = keys.partition(number).results
                with contextlib.suppress(redis.ResponseError):  # no group yet
                    read = await client.xreadgroup(GROUP, "thief", {stream: ">"}, count=10)
                    claimed = await client.xautoclaim(stream, GROUP, "thief", 0, count=10)
                    taken += sum(len(entries) for _, entries in read) + len(claimed[1])
            await asyncio.sleep(0.05)
    scene.stolen += taken
    return f"{taken} entries"


STORES: dict[str, Action] = {
    action.__name__: action
    for action in (redis_killed, postgres_killed, postgres_session_killed, both_stores_killed, redis_frozen,
                   postgres_frozen, redis_cut, postgres_cut, redis_file_cut, replica_promoted)
}  # fmt: skip
PARTS: dict[str, Action] = {
    action.__name__: action
    for action in (gateway_killed, gateways_killed, worker_killed, workers_killed, gateway_frozen, worker_frozen,
                   players_cut_off, gateway_redis_cut, gateway_postgres_cut, worker_redis_cut, worker_postgres_cut)
}  # fmt: skip
STREAMS: dict[str, Action] = {action.__name__: action for action in (stream_poisoned, results_repeated, results_stolen)}
TELEGRAM: dict[str, Action] = {
    action.__name__: action for action in (telegram_cut, telegram_answers_lost, telegram_updates_disturbed)
}
KINDS: dict[str, Action] = STORES | PARTS | STREAMS | TELEGRAM | MONEY


async def inflict(scene: Scene, fault: Fault) -> Happened:
    """Let a fault happen; returns when everything runs again."""
    clock = asyncio.get_running_loop().time
    began = clock()
    detail = await KINDS[fault.kind](scene, random.Random(fault.seed))
    return Happened(fault, began, clock(), detail)
