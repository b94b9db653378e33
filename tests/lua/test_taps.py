"""The six rules of the tap path (docs/protocol.md): honest players never suffer, and each rule stops its cheat."""

import random
import re
import struct

import pytest

from chance_tap.resources import LUA
from cli.simulate import rhythm
from gateway.live.absences import LATE_MS
from gateway.schemas.fields import MAX_TAPS_PER_FRAME
from persistence.records import rules
from persistence.records.document import FORMAT
from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapMark, TapStatus
from persistence.redis.store import RedisStore
from tests.lua import honest, model
from tests.lua.beside import read_log
from tests.lua.clocked import NOON_MS, set_clock
from tests.lua.game import END_MS, GAME_MS, START_MS, Game, terms

pytestmark = pytest.mark.on_cluster_too

OK, CLOCK, CLOSED = TapStatus.OK, TapStatus.CLOCK, TapStatus.ROOM_CLOSED
BLOCKED, FORBIDDEN, CONFLICT = TapStatus.BLOCKED, TapStatus.FORBIDDEN, TapStatus.CONFLICT


def test_codes_are_the_same_in_lua_and_python() -> None:
    text = (LUA / "includes" / "codes.lua").read_text()
    found = {name: int(number) for name, number in re.findall(r"local TAP_(\w+) = (\d+)", text)}
    assert found == {status.name: status.value for status in TapStatus}


def test_limits_are_the_same_in_lua_and_python() -> None:
    text = (LUA / "includes" / "tap_rules.lua").read_text()
    pairs = [
        pair
        for names, numbers in re.findall(r"^local ([\w, ]+) = ([\d, ]+)", text, re.MULTILINE)
        for pair in zip(names.split(", "), map(int, numbers.split(", ")), strict=True)
    ]
    limits = dict(pairs)
    assert limits == {
        "MAX_COUNT": rules.MOST_FRAME_TAPS[FORMAT],
        "MAX_SEQ": 2**32 - 1,
        "WINDOW_MS": rules.WINDOW_MS,
        "WINDOW_TAPS": rules.WINDOW_TAPS,
        "FUTURE_MS": 2_000,
        "PAST_MS": rules.OLDEST_MS,
        "BURST_TAPS": rules.BURST_TAPS,
        "MS_A_TAP": rules.MS_A_TAP,
        "AWAY_MS": rules.AWAY_MS,
        "AWAY_FRAME_MS": rules.AWAY_FRAME_MS,
        "AWAY_TAPS": rules.AWAY_TAPS,
        "AWAY_FEW": rules.AWAY_FEW,
        "AWAY_UNSURE_MS": rules.AWAY_UNSURE_MS,
        "AWAY_TIRED": rules.AWAY_TIRED,
        "KNOWN_MS": rules.KNOWN_MS,
        "MS_A_SLOW_TAP": rules.MS_A_SLOW_TAP,
    }
    assert f"local PROMPT_MS = {rules.PROMPT_MS} " in (LUA / "includes" / "layout.lua").read_text()
    assert rules.PROMPT_MS >= LATE_MS + 500  # a gateway may judge a frame half a second before the script does
    assert limits["MAX_COUNT"] == MAX_TAPS_PER_FRAME == rhythm.FRAME_TAPS
    assert (limits["WINDOW_MS"], limits["WINDOW_TAPS"]) == (rhythm.WINDOW_MS, rhythm.WINDOW_TAPS)


def test_honest_players_are_never_blocked_in_the_model() -> None:
    rng = random.Random(7)
    for _ in range(60):
        room = model.Room("x", terms(), NOON_MS, model.Partition())
        for user_id in ("1", "2", "3"):
            room.reserve(NOON_MS, user_id, user_id, "")
            room.confirm(NOON_MS, user_id, user_id, {})
        trace = honest.play(rng, "1", START_MS, GAME_MS, rng.choice([8, 16, 20, 24]))
        statuses = [room.tap(at, [frame])[0] for at, frame in trace.arrivals if at < END_MS + 900]
        assert set(statuses) == {OK}
        assert room.paid[0].record.taps == sum(f.taps for at, f in trace.arrivals if at < END_MS + 900)
        assert trace.held <= 20


async def test_honest_players_are_never_blocked_by_the_scripts(game: Game) -> None:
    rng = random.Random(11)
    traces = [honest.play(rng, user_id, START_MS, GAME_MS, 24) for user_id in ("1", "2", "3")]
    arrivals = sorted(
        (item for trace in traces for item in trace.arrivals if item[0] < END_MS + 900), key=lambda item: item[0]
    )
    tick_ms = START_MS
    after = dict.fromkeys("123", False)
    counted = []
    while arrivals:
        tick_ms += 100
        batch = [frame for at, frame in arrivals if at <= tick_ms]
        arrivals = arrivals[len(batch) :]
        if batch:
            now_ms = min(tick_ms, END_MS + 999)
            assert set(await game.at(now_ms, *batch)) == {OK}
            stamps = [max(START_MS, min(frame.timestamp, now_ms)) - START_MS for frame in batch]
            marks = []
            for frame in batch:
                late = frame.mark == TapMark.AWAY or now_ms >= END_MS
                marks.append(128 if late or after[frame.user_id] else 0)
                after[frame.user_id] = late
            entries = [
                (int(frame.user_id), ms, frame.taps + mark)
                for frame, ms, mark in zip(batch, stamps, marks, strict=True)
            ]
            counted.append((now_ms - START_MS, entries))
    for user_id, trace in zip(("1", "2", "3"), traces, strict=True):
        sent = sum(frame.taps for at, frame in trace.arrivals if at < END_MS + 900)
        assert await game.taps(user_id) == sent >= 24 * 50
    assert read_log(await game.store.rooms.log(game.room_id)) == counted


async def test_nothing_counts_before_the_start(game: Game) -> None:
    """Rule 1: also with a stamp that pretends the game runs."""
    assert await game.tap(START_MS - 1, 10, START_MS + 100) is CONFLICT
    assert (await game.state()).players[0].seq == 0
    assert await game.tap(START_MS, 10) is OK


async def test_a_repeated_frame_counts_once(game: Game) -> None:
    """Rule 2: sequence numbers repeated or backwards are acknowledged; gaps are accepted."""
    first, later = TapFrame("1", 10, START_MS + 100, 3), TapFrame("1", 5, START_MS + 200, 9)
    statuses = await game.at(START_MS + 300, first, first, later, first)
    assert statuses == [OK, TapStatus.DUPLICATE, OK, TapStatus.DUPLICATE]
    assert await game.taps() == 15
    assert (await game.state()).players[0].seq == 9


@pytest.mark.parametrize(
    ("now_after_start", "stamp_after_now", "expected"),
    [
        (20_000, 2000, OK),
        (20_000, 2001, CLOCK),
        (20_000, -12_000, OK),
        (20_000, -12_001, CLOCK),
        (100, -2100, OK),  # two seconds before the start: counts as the start
        (100, -2101, CLOCK),
    ],
)
async def test_stamps_out_of_bounds_are_refused_not_blocked(
    game: Game, now_after_start: int, stamp_after_now: int, expected: TapStatus
) -> None:
    """Rule 3."""
    now_ms = START_MS + now_after_start
    assert await game.tap(now_ms, 10, now_ms + stamp_after_now) is expected
    assert await game.tap(now_ms + 10, 10) is OK


async def test_stamps_that_go_back_are_refused(game: Game) -> None:
    """Rule 3: taps cannot be slipped into a window that is past."""
    assert await game.tap(START_MS + 9000, 10) is OK
    assert await game.tap(START_MS + 9001, 20, START_MS + 8999) is CLOCK
    assert await game.taps() == 10


async def test_a_stamp_in_the_future_counts_as_now(game: Game) -> None:
    """Rule 3: leaping ahead gains no window of one's own."""
    assert await game.tap(START_MS + 5000, 20, START_MS + 7000) is OK
    assert await game.tap(START_MS + 5100, 20, START_MS + 7100) is OK
    assert await game.tap(START_MS + 5200, 11, START_MS + 7200) is BLOCKED


async def test_a_frame_holds_twenty_taps_at_most(game: Game) -> None:
    """Rule 4."""
    assert await game.tap(START_MS + 1000, 21) is TapStatus.INVALID_REQUEST
    assert await game.tap(START_MS + 1000, 20) is OK
    assert await game.taps() == 20


async def test_more_than_fifty_in_two_seconds_blocks(game: Game) -> None:
    """Rule 4: the window is half open, exact to the millisecond, and the frame that did it is not counted."""
    now_ms = START_MS + 1000
    assert set(await game.at(now_ms, *[TapFrame("1", 10, now_ms)] * 5)) == {OK}
    now_ms = START_MS + 3000
    assert set(await game.at(now_ms, *[TapFrame("1", 10, now_ms)] * 5)) == {OK}  # (1000, 3000] does not hold the first
    assert await game.tap(START_MS + 4999, 1) is BLOCKED
    assert await game.tap(START_MS + 9000, 1) is FORBIDDEN
    state = await game.state()
    assert (state.players[0].taps, state.players[0].state) == (100, "blocked")


async def test_more_than_time_allows_is_refused_not_blocked(game: Game) -> None:
    """Rule 5 stands behind rule 4: with an exact window only a record that is already wrong can meet it."""
    assert await game.tap(START_MS + 1000, 10) is OK
    at = keys.room(game.room_id)
    record = struct.pack("<BIIIIBBH3sH", 0, 74, 0, 1, 1000, 0, 10, 0, b"\0\0\0", 1)
    await game.store.router.execute(at.slot, "HSET", at.data, "p:1", record)
    assert await game.tap(START_MS + 1000, 2) is TapStatus.RATE_LIMITED
    assert await game.tap(START_MS + 1000, 1) is OK
    assert await game.tap(START_MS + 1039, 1) is TapStatus.RATE_LIMITED
    assert await game.tap(START_MS + 1040, 1) is OK


async def test_the_target_ends_the_game_by_order_of_application(store: RedisStore) -> None:
    """Rule 6: the first frame that reaches it wins, though another in the same batch would have reached more."""
    game = await Game(store).open(target=40)
    await game.at(START_MS + 1000, TapFrame("1", 20, START_MS + 900), TapFrame("2", 20, START_MS + 800))
    now_ms = START_MS + 3500
    frames = TapFrame("2", 20, now_ms), TapFrame("1", 20, now_ms - 300), TapFrame("3", 20, now_ms)
    assert await game.at(now_ms, *frames) == [OK, CLOSED, CLOSED]
    state = await game.state()
    assert state.state == "finished"
    assert [(player.user_id, player.place) for player in state.players] == [("1", 2), ("2", 1), ("3", 3)]


async def test_a_tie_goes_to_who_reached_it_first(game: Game) -> None:
    """Rule 6."""
    await game.at(START_MS + 1000, TapFrame("2", 20, START_MS + 900), TapFrame("1", 20, START_MS + 100))
    await set_clock(game.store, END_MS + 1000)
    await game.store.rooms.tick(game.room_id)
    assert [(p.user_id, p.place) for p in (await game.state()).players] == [("1", 2), ("2", 1), ("3", 3)]


async def test_the_grace_second_takes_only_what_was_tapped_in_time(game: Game) -> None:
    """Rule 6: stamped before the end counts for a second more; the rest is closed, and then all is."""
    assert await game.tap(END_MS + 999, 10, END_MS - 1) is OK
    assert await game.tap(END_MS + 999, 10, END_MS) is CLOSED
    assert await game.tap(END_MS + 1000, 10, END_MS - 1) is CLOSED
    assert await game.taps() == 10


async def test_only_the_seated_tap(game: Game) -> None:
    assert await game.tap(START_MS + 10, 1, user_id="99") is FORBIDDEN
    assert await Game(game.store).tap(START_MS + 10, 1) is TapStatus.NOT_FOUND


async def test_time_that_goes_back_stands_still_for_the_room(game: Game) -> None:
    """After a failover the new master's clock may be behind: no tap is lost or counted twice for it."""
    assert await game.tap(START_MS + 5000, 10) is OK
    assert await game.tap(START_MS + 3000, 10, START_MS + 5000) is OK
    state = await game.state()
    assert (state.server_time_ms, state.players[0].taps) == (START_MS + 5000, 20)


async def test_an_outage_in_the_game_cancels_it(game: Game) -> None:
    """Over five seconds without a heartbeat; five are forgiven."""
    store = game.store
    for now_ms in (NOON_MS, START_MS, START_MS + 5000):
        await set_clock(store, now_ms)
        await store.heartbeat()
    await store.rooms.tick(game.room_id)
    assert (await store.rooms.tick(game.room_id)).state == "playing"
    await set_clock(store, START_MS + 10_001)
    await store.heartbeat()
    assert [room_id for room_id, _ in await store.due()] == [game.room_id]
    assert (await store.rooms.tick(game.room_id)).state == "cancelled"
    assert (await game.state()).reason == "outage"


async def test_a_worker_that_comes_late_finds_the_outage_itself(game: Game) -> None:
    await game.store.heartbeat()
    assert await game.tap(START_MS + 10, 5) is OK
    await set_clock(game.store, END_MS + 60_000)
    assert (await game.store.rooms.tick(game.room_id)).state == "cancelled"
