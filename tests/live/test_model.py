"""Random commands, to the scripts on a real server and to the model: they must agree in everything."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.schemas.messages import ServerFrame
from persistence.redis import keys
from persistence.redis.codes import TapFrame
from persistence.redis.live import LiveStore
from persistence.redis.rooms import RoomTerms
from persistence.redis.subscriber import Subscriber
from tests.live import model
from tests.live.clocked import NOON_MS, flush, open_clocked, set_clock

USERS = 5
PROFILE: dict[str, Any] = {"name": 'A "quoted" Имя', "photo_url": None}
END = b"end"

numbers = st.integers(0, USERS - 1)
seats = st.tuples(numbers, st.integers(0, 2))  # a user and which of that user's seat ids
frame = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, USERS]),  # the last has no seat
    st.sampled_from([1, 5, 12, 12, 20, 20, 25, 30, 50, 0, 51, -3]),
    st.sampled_from(
        [0, 0, 0, 0, -10, -150, -400, -900, -1999, -2000, -2001, -6000, -12_000, -12_001, 1, 300, 2000, 2001]
    ),
    st.sampled_from([-1, -1, -1, -1, 1, 2, 3, 4, 5, 6, 8, 9, 2**32]),
)
taps = st.tuples(st.just("taps"), st.lists(frame, min_size=1, max_size=6))
pulse = st.tuples(st.just("pulse"), st.none())
tick = st.tuples(st.just("tick"), st.none())
edge = st.tuples(st.just("edge"), st.sampled_from([-1000, -999, -500, -1, 0, 1, 2000]))  # near the room's deadline
small_step = st.tuples(st.just("clock"), st.sampled_from([0, 1, 40, 200, 300, 600, 1000, 2000, -700]))
large_step = st.tuples(st.just("clock"), st.sampled_from([5000, 5001, 9000, 15_000, -20_000]))
command = st.one_of(
    *(st.tuples(st.just(word), seats) for word in ("reserve", "join", "join", "confirm", "leave")),
    *(taps, taps, pulse, tick, edge, edge, small_step, large_step),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("settle"), st.sampled_from(["settled", "refunded"])),
)
game_words = st.lists(st.one_of(taps, taps, taps, small_step, small_step, tick, edge, pulse), max_size=14)
room_terms = st.builds(
    RoomTerms,
    kind=st.just("standard"),
    stake=st.sampled_from([20, 50, 333]),
    capacity=st.sampled_from([2, 3]),
    min_players=st.just(2),
    wait_ms=st.sampled_from([1000, 20_000]),
    countdown_ms=st.sampled_from([0, 1000]),
    game_ms=st.sampled_from([3000, 10_000, 10_000]),
    fee_bps=st.sampled_from([0, 333]),
    target=st.sampled_from([0, 0, 60]),
)
_FULL: list[tuple[str, Any]] = [("join", (n, 0)) for n in range(3)]
# Most random words never reach a game: many runs begin inside one.
opening = st.one_of(
    st.just([]),
    game_words.map(lambda words: [*_FULL[:2], ("edge", 0), ("tick", None), ("edge", 0), *words]),
    game_words.map(lambda words: [("pulse", None), *_FULL, ("clock", 1000), ("tick", None), *words]),
    game_words.map(lambda words: [*_FULL, ("clock", 1000), ("taps", [(0, 20, 0, 1)]), *words]),
)


def _seat(who: tuple[int, int]) -> tuple[str, str]:
    return f"00000000-0000-4000-8000-0000000000{who[0]}{who[1]}", str(who[0] + 1)


class Pair:
    """The store and the model under the same words."""

    def __init__(self, store: LiveStore, terms: RoomTerms) -> None:
        self.store = store
        self.terms = terms
        self.room_id = keys.new_room_id()
        self.partition = model.Partition()
        self.room: model.Room | None = None
        self.clock = NOON_MS

    async def run(self, word: str, value: Any) -> None:
        await (self.clock_by(value) if word == "clock" else getattr(self, word)(value))
        await self._compare()

    async def clock_by(self, step: int) -> None:
        self.clock += step
        await set_clock(self.store, self.clock)

    async def edge(self, step: int) -> None:
        due = self.room.due if self.room is not None else None
        await self.clock_by(0 if due is None else max(0, due + step - self.clock))

    async def reserve(self, who: tuple[int, int]) -> None:
        seat_id, user_id = _seat(who)
        if self.room is None:
            self.room = model.Room(self.room_id, self.terms, self.clock, self.partition)
        code, holder = self.room.reserve(self.clock, seat_id, user_id, f"try {seat_id}")
        reply = await self.store.rooms.reserve(self.room_id, seat_id, user_id, f"try {seat_id}", self.terms)
        assert reply.code == code
        assert reply.holder_seat_id == (holder.seat_id if holder else None)
        assert reply.holder_attempt == (holder.attempt if holder else None)
        assert reply.holder_paid == (holder is not None and holder.paid)
        now = self.room.now(self.clock)
        assert (reply.version, reply.state) == (self.room.version, self.room.state)
        assert (reply.free, reply.paid) == (self.room.free(now), len(self.room.paid))

    async def confirm(self, who: tuple[int, int]) -> None:
        seat_id, user_id = _seat(who)
        code = self.room.confirm(self.clock, seat_id, user_id, PROFILE) if self.room else "room_closed"
        reply = await self.store.rooms.confirm(self.room_id, seat_id, user_id, orjson.dumps(PROFILE))
        assert reply.code == code

    async def join(self, who: tuple[int, int]) -> None:
        await self.reserve(who)
        await self.confirm(who)

    async def leave(self, who: tuple[int, int]) -> None:
        seat_id, _ = _seat(who)
        code = self.room.leave(self.clock, seat_id) if self.room else "not_found"
        assert (await self.store.rooms.leave(self.room_id, seat_id)).code == code

    async def tick(self, _value: None) -> None:
        reply = await self.store.rooms.tick(self.room_id)
        if self.room is None:
            assert (reply.code, reply.remaining_ms) == ("not_found", -1)
        else:
            assert (reply.remaining_ms, reply.changed) == self.room.tick(self.clock)
            assert (reply.state, reply.version) == (self.room.state, self.room.version)

    async def cancel(self, _value: None) -> None:
        expected = self.room.cancel(self.clock, "operator") if self.room else ("not_found", False)
        reply = await self.store.rooms.cancel(self.room_id, "operator")
        assert (reply.code, reply.changed) == expected

    async def settle(self, word: str) -> None:
        outcome: dict[str, Any] = {"outcome": word, "winner": "1", "prize": 7, "standings": [], "payouts": {}}
        if self.room is not None:
            self.room.settled(self.clock, outcome, orjson.dumps(outcome))
        await self.store.rooms.mark_settled(self.room_id, orjson.dumps(outcome))

    async def pulse(self, _value: None) -> None:
        late = self.partition.pulse(self.clock)
        if late and self.room is not None and self.room.due is not None:
            self.room.due = self.clock
        await self.store.pulse()

    async def taps(self, items: list[tuple[int, int, int, int]]) -> None:
        frames = [TapFrame(str(user + 1), count, self.clock + offset, seq) for user, count, offset, seq in items]
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.store.rooms.tap_batch(self.room_id, frames, done.set_result)
        expected = self.room.tap(self.clock, frames) if self.room else [10] * len(frames)
        assert await done == expected

    async def _compare(self) -> None:
        at = keys.room(self.room_id)
        state, seats, due = await asyncio.gather(
            self.store.rooms.snapshot(self.room_id),
            self.store.rooms.seats(self.room_id),
            self.store.router.execute(at.slot, "ZSCORE", at.due, self.room_id),
        )
        room = self.room
        if room is None or state is None:
            assert room is None
            assert state is None
            return
        assert state.server_time_ms == room.now(self.clock)
        assert (state.state, state.version) == (room.state, room.version)
        assert state.epoch == f"{room.nonce}.{self.store.router.owner(at.slot).replid}"
        assert (state.starts_ms or 0, state.ends_ms or 0) == (room.starts_ms, room.ends_ms)
        assert (state.deadline_ms or 0) == room.deadline
        places = room.places() if room.state in ("finished", "settled") else {}
        assert [(p.seat_id, p.user_id, p.taps, p.seq, p.state, p.place) for p in state.players] == [
            (s.seat_id, s.user_id, s.record.taps, s.record.seq, "blocked" if s.record.blocked else "paid",
             places.get(s.user_id))
            for s in room.paid
        ]  # fmt: skip
        assert (orjson.loads(state.result) if state.result else None) == room.result
        assert state.outcome == room.outcome
        held = [(s.seat_id, s.state) for s in seats or ()]
        now = room.now(self.clock)
        assert held == [(s.seat_id, "paid" if s.paid else "reserved") for s in room.seats if s.paid or s.until_ms > now]
        assert (None if due is None else int(due)) == room.due


class Listener:
    """Collects what a room's channel carries."""

    def __init__(self, store: LiveStore) -> None:
        self.messages: list[bytes] = []
        self._end: asyncio.Future[None] | None = None
        self._store = store
        self.subscriber: Subscriber = store.subscriber(self._take, lambda _channels: None)

    def _take(self, _channel: bytes, message: bytes) -> None:
        if message == END and self._end is not None:
            self._end.set_result(None)
        else:
            self.messages.append(message)

    async def drain(self, channel: bytes) -> list[bytes]:
        """Everything published until now."""
        self._end = asyncio.get_running_loop().create_future()
        await self._store.router.execute(keys.slot_of_key(channel), "SPUBLISH", channel, END)
        await self._end
        messages, self.messages = self.messages, []
        return messages


_frame = msgspec.json.Decoder(ServerFrame).decode


async def _example(store: LiveStore, listener: Listener, terms: RoomTerms, words: list[tuple[str, Any]]) -> None:
    await flush(store)
    await set_clock(store, NOON_MS)
    pair = Pair(store, terms)
    listener.messages.clear()
    channel = keys.room(pair.room_id).channel
    await listener.subscriber.subscribe(channel)
    for word, value in words:
        await pair.run(word, value)
    messages = await listener.drain(channel)
    listener.subscriber.unsubscribe(channel)
    for message in messages:
        _frame(message)  # every event is a frame of the protocol
    events = [orjson.loads(message) for message in messages]
    room = pair.room
    expected = room.events if room else []
    assert [{name: value for name, value in event.items() if name != "epoch"} for event in events] == expected
    entries = await store.results.read("model") + await store.results.read("model")
    assert len(entries) == (room.results if room else 0)
    for entry in entries:
        assert room is not None
        assert entry.room_id == room.room_id
        assert orjson.loads(entry.result) == room.result


async def _open(url: str) -> tuple[LiveStore, Listener]:
    store = await open_clocked(url)
    return store, Listener(store)


@pytest.mark.on_cluster_too
def test_scripts_agree_with_the_model(redis_url: str, redis_kind: str) -> None:
    # What a cluster can get wrong is where keys lie, and that is the same in every run of a command.
    examples = 150 if redis_kind == "standalone" else 30

    with asyncio.Runner() as runner:
        store, listener = runner.run(_open(redis_url))

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(room_terms, opening, st.lists(command, max_size=12))
        def agree(terms: RoomTerms, start: list[tuple[str, Any]], words: list[tuple[str, Any]]) -> None:
            runner.run(_example(store, listener, terms, start + words))

        test: Callable[[], None] = agree
        try:
            test()
        finally:
            runner.run(store.close())
