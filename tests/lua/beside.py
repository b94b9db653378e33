"""The scripts on a real server and the model under the same commands: they must agree in everything."""

import asyncio
import struct
from pathlib import Path
from typing import Any

import msgspec
import orjson

from chance_tap.resources import LUA
from gateway.schemas.messages import ServerFrame
from persistence.redis import keys
from persistence.redis.codes import TapFrame
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from persistence.redis.subscriber import Subscriber
from tests.lua import model
from tests.lua.clocked import NOON_MS, flush, open_clocked, set_clock
from tests.lua.words import KEY, PARTITION, Run

PROFILE: dict[str, Any] = {"name": 'A "quoted" Имя', "photo_url": None}
EMOJI = "🔥"
END = b"end"


def _seat(who: tuple[int, int]) -> tuple[str, str]:
    return f"00000000-0000-4000-8000-0000000000{who[0]}{who[1]}", str(who[0] + 1)


class Pair:
    """The store and the model under the same words."""

    def __init__(self, store: RedisStore, terms: RoomTerms) -> None:
        self.store = store
        self.terms = terms
        self.room_id = keys.new_room_id(PARTITION)
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
        hero = self.terms.kind == "hero"
        if self.room is None and not hero:
            self.room = model.Room(self.room_id, self.terms, self.clock, self.partition)
        terms = None if hero else self.terms
        reply = await self.store.rooms.reserve(self.room_id, seat_id, user_id, f"try {seat_id}", terms)
        if self.room is None:
            assert (reply.code, reply.state) == ("room_closed", "none")
            return
        code, holder = self.room.reserve(self.clock, seat_id, user_id, f"try {seat_id}")
        assert reply.code == code
        assert reply.holder_seat_id == (holder.seat_id if holder else None)
        assert reply.holder_request == (holder.attempt if holder else None)
        assert reply.holder_paid == (holder is not None and holder.paid)
        now = self.room.now(self.clock)
        assert (reply.version, reply.state) == (self.room.version, self.room.state)
        assert (reply.free, reply.paid) == (self.room.free(now), len(self.room.paid))

    async def confirm(self, who: tuple[int, int]) -> None:
        seat_id, user_id = _seat(who)
        code = self.room.confirm(self.clock, seat_id, user_id, PROFILE) if self.room else "room_closed"
        reply = await self.store.rooms.confirm(self.room_id, seat_id, user_id, orjson.dumps(PROFILE))
        assert reply.code == code

    async def make(self, organizer: int) -> None:
        """Of the same organizer, or of another who claims the same room."""
        if self.terms.kind == "standard":
            return
        terms = (
            msgspec.structs.replace(self.terms, organizer_id=("900", "901")[organizer - 1]) if organizer else self.terms
        )
        if self.room is None:
            self.terms = terms
            self.room = model.Room(self.room_id, terms, self.clock, self.partition)
        reply = await self.store.rooms.make(self.room_id, terms)
        assert reply.code == ("ok" if terms == self.terms else "conflict")

    async def start(self, user: int) -> None:
        code = self.room.start(self.clock, str(user + 1)) if self.room else "not_found"
        reply = await self.store.rooms.start(self.room_id, str(user + 1))
        assert reply.code == code
        assert (reply.room is not None) == (code == "ok")

    async def organizer_cancel(self, user: int) -> None:
        user_id = str(user + 1)
        expected = self.room.cancel(self.clock, "organizer_left", user_id) if self.room else ("not_found", False)
        reply = await self.store.rooms.cancel(self.room_id, "organizer_left", user_id)
        assert (reply.code, reply.changed) == expected

    async def react(self, who: tuple[int, int]) -> None:
        user_id, to = str(who[0] + 1), str(who[1] + 1)
        code = self.room.react(user_id, to, EMOJI) if self.room else "not_found"
        assert await self.store.rooms.react(self.room_id, user_id, to, EMOJI) == code

    async def note(self, value: str) -> None:
        self.store.rooms.observe(self.room_id, "1", "seen", value)
        if self.room is not None:
            self.room.note("1", "seen", value)

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

    async def heartbeat(self, _value: None) -> None:
        late = self.partition.heartbeat(self.clock)
        if late and self.room is not None and self.room.due is not None:
            self.room.due = self.clock
        await self.store.heartbeat()

    async def taps(self, items: list[tuple[int, int, int, int, int]]) -> None:
        frames = [
            TapFrame(str(user + 1), count, self.clock + offset, seq, mark) for user, count, offset, seq, mark in items
        ]
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.store.rooms.tap_batch(self.room_id, frames, done.set_result)
        expected = self.room.tap(self.clock, frames) if self.room else [10] * len(frames)
        assert await done == expected

    async def _compare(self) -> None:
        at = keys.room(self.room_id)
        state, seats, log, observations, keyed, due, *lives = await asyncio.gather(
            self.store.rooms.snapshot(self.room_id),
            self.store.rooms.seats(self.room_id),
            self.store.rooms.log(self.room_id),
            self.store.rooms.observations(self.room_id),
            self.store.rooms.by_key(KEY),
            self.store.router.execute(at.slot, "ZSCORE", at.due, self.room_id),
            *(self.store.router.execute(at.slot, "PTTL", key) for key in (at.data, at.gone, at.log, at.observations)),
        )
        room = self.room
        if room is None or state is None:
            assert room is None
            assert state is None
            assert (log, observations, keyed) == (b"", {}, None)
            return
        assert read_log(log) == room.log
        assert observations == room.observations
        assert (keyed == state) if room.key_leads_here(self.clock) else (keyed is None)
        assert all(life == -2 or (life > 0) == (room.outcome is not None) for life in lives)  # -2: no such key
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


def read_log(log: bytes) -> list[tuple[int, list[tuple[int, int, int]]]]:
    """(ms of the batch, [(index, stamp, taps) …]) …"""
    batches, at = [], 0
    while at < len(log):
        ms, frames = struct.unpack_from("<IH", log, at)
        entries = [struct.unpack_from("<HHBB", log, at + 6 + 6 * n) for n in range(frames)]
        batches.append((ms, [(index, low + 65536 * high, taps) for index, low, high, taps in entries]))
        at += 6 + 6 * frames
    return batches


class Listener:
    """Collects what a room's channel carries."""

    def __init__(self, store: RedisStore) -> None:
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


async def open_beside(url: str, lua: Path = LUA) -> tuple[RedisStore, Listener]:
    """What `run_beside` needs; close the store."""
    store = await open_clocked(url, lua)
    return store, Listener(store)


async def run_beside(store: RedisStore, listener: Listener, run: Run) -> None:
    """One run of words on an empty store; fails where the scripts and the model disagree."""
    terms, words = run
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
    if terms.kind == "hero":
        assert await store.lobby.counts([terms.stake]) == {terms.stake: (0, 0)}
