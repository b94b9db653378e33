"""CPU that Redis spends on one taps frame, on a private server: batches of one room as gateways send them.

Measured is user + system time of the server process, everything included: reading, the script, publishing to one
subscriber, the append-only file.  Run: `python -m benchmarks.redis_taps [rooms] [seconds] [frames a batch]`.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from cli.embedded.valkey import EmbeddedValkey
from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore

PLAYERS = 10
TICK_S = 0.1
TAPS_A_FRAME = 3
PROFILE = b'{"name":"A player","photo_url":"https://t.me/i/userpic/320/a-name-of-the-usual-length.svg"}'


def cpu_s(pid: int) -> float:
    """User and system time of a process, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _make_room(live: RedisStore, number: int, game_ms: int) -> str:
    room_id = keys.new_room_id()
    terms = RoomTerms("standard", 50, PLAYERS, 2, 60_000, 0, game_ms, 0)
    for player in range(PLAYERS):
        user_id = str(number * PLAYERS + player + 1)
        seat_id = f"00000000-0000-4000-8000-{int(user_id):012d}"
        await live.rooms.reserve(room_id, seat_id, user_id, "benchmark", terms)
        await live.rooms.confirm(room_id, seat_id, user_id, PROFILE)
    await live.rooms.tick(room_id)
    return room_id


async def measure(server: EmbeddedValkey, rooms: int, seconds: float, frames_a_batch: int) -> tuple[float, int]:
    """Microseconds a frame and the number of frames."""
    live = await RedisStore.open(server.url)
    subscriber = live.subscriber(lambda _channel, _message: None, lambda _channels: None)
    names = await asyncio.gather(*(_make_room(live, n, int(seconds * 1000) + 60_000) for n in range(rooms)))
    await asyncio.gather(*(subscriber.subscribe(keys.room(name).channel) for name in names))
    statuses: Counter[int] = Counter()
    failures: list[Exception] = []
    sent = answered = 0
    all_answered = asyncio.Event()

    def done(reply: list[int] | Exception) -> None:
        nonlocal answered
        answered += 1
        if isinstance(reply, Exception):
            failures.append(reply)
        else:
            statuses.update(reply)
        if answered == sent:
            all_answered.set()

    loop = asyncio.get_running_loop()
    index = {name: n for n, name in enumerate(names)}
    slots = [names[n::10] for n in range(10)]
    before, start, turn = 0.0, loop.time(), 0
    warm_turns = int(3 / TICK_S)  # windows fill up before the clock runs
    frames = 0
    while turn < warm_turns + int(seconds / TICK_S):
        if turn == warm_turns:
            before, frames = cpu_s(server.child.pid), 0
        for phase, slot in enumerate(slots):
            now = live.now_ms()
            for name in slot:
                number = index[name]
                first = (turn * frames_a_batch) % PLAYERS
                batch = [
                    TapFrame(str(number * PLAYERS + (first + k) % PLAYERS + 1), TAPS_A_FRAME, now, turn + 1)
                    for k in range(frames_a_batch)
                ]
                frames += len(batch)
                sent += 1
                all_answered.clear()
                live.rooms.tap_batch(name, batch, done)
            await asyncio.sleep(max(0.0, start + turn * TICK_S + (phase + 1) * TICK_S / 10 - loop.time()))
        turn += 1
    await all_answered.wait()
    spent = cpu_s(server.child.pid) - before
    await live.close()
    if failures or set(statuses) != {TapStatus.OK}:
        raise SystemExit(f"frames were refused: {dict(statuses)}, {len(failures)} calls failed")
    return spent / frames * 1e6, frames


def main() -> None:
    rooms, seconds, batch = (int(word) for word in (sys.argv[1:] + ["300", "10", "5"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedValkey(Path(folder))
        server.start()
        try:
            figure, frames = asyncio.run(measure(server, rooms, float(seconds), batch))
        finally:
            server.kill()
    print(f"{figure:.1f} us of Redis CPU a frame ({frames} frames, {batch} a batch, {rooms} rooms)")


if __name__ == "__main__":
    main()
