"""Each signal by itself: what it says, when, and that it explains itself with its numbers."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from cli.simulate.cheats import timer
from cli.simulate.people import FASTEST_HONEST, Person, anybody
from cli.simulate.rhythm import Moments, Packer
from persistence.records.document import Frame
from tests.lua import honest
from workers.signals import clock, rhythm, shared_origin
from workers.signals import frames as frame_signals
from workers.signals.assess import assess
from workers.signals.evidence import Tapper, ramp

GAME_MS = 60_000


def frames(moments: Moments, seed: int = 1, delay_ms: int = 80) -> list[Frame]:
    rng = random.Random(seed)
    planned = Packer(moments(0, rng), 0, GAME_MS, rng).frames()
    return [
        Frame(n, int(each.send_ms) + delay_ms + rng.randint(0, 40), each.stamp_ms, each.count)
        for n, each in enumerate(planned, 1)
    ]


def person(seed: int) -> list[Frame]:
    return frames(anybody(random.Random(seed)).taps, seed)


def names(found: Iterator[object]) -> list[str]:
    return [getattr(signal, "name") for signal in found]  # noqa: B009


def test_a_ramp_goes_both_ways() -> None:
    assert [ramp(value, 0, 10) for value in (-1, 0, 5, 10, 11)] == [0, 0, 0.5, 1, 1]
    assert [ramp(value, 10, 0) for value in (11, 10, 5, 0, -1)] == [0, 0, 0.5, 1, 1]


def test_a_timer_is_too_regular_and_says_by_how_much() -> None:
    [signal] = rhythm.regularity(frames(timer(150, late_ms=3)))
    assert (signal.name, signal.score) == ("regular_rhythm", 1.0)
    assert "taps vary by" in signal.why
    assert "%" in signal.why


@pytest.mark.parametrize("rate", [22, 24, 26, 30])
def test_a_timer_at_the_limit_is_too_regular_though_its_client_holds_taps_back(rate: float) -> None:
    [signal] = rhythm.regularity(frames(timer(1000 / rate, late_ms=2)))
    assert signal.score > 0.9


def test_people_are_not() -> None:
    for seed in range(30):
        assert names(rhythm.regularity(person(seed))) == []
        assert names(rhythm.grid(person(seed))) == []


def test_beats_left_out_do_not_hide_the_grid() -> None:
    def moments(start_ms: float, rng: random.Random) -> Iterator[float]:
        return (at for at in timer(130, late_ms=1)(start_ms, rng) if rng.random() > 0.25)

    found = frames(moments)
    assert names(rhythm.regularity(found)) == []
    [signal] = rhythm.grid(found)
    assert signal.score > 0.9
    assert "130." in signal.why
    assert signal in assess([Tapper("1", found, {})], {})[0].signals


@pytest.mark.parametrize("rate", [15, 18, 21])
def test_fast_hands_tire_and_a_timer_does_not(rate: float) -> None:
    even = frames(timer(1000 / rate, late_ms=4))
    [signal] = rhythm.tireless(even)
    assert signal in assess([Tapper("1", even, {})], {})[0].signals
    assert names(rhythm.tireless(frames(Person(rate=rate, fingers=4, fatigue=0.17).taps))) == []


def test_a_screen_is_no_grid() -> None:
    for digitizer_ms in (8.33, 16.67, 33.33):
        hand = Person(rate=7, digitizer_ms=digitizer_ms)
        assert names(rhythm.grid(frames(hand.taps))) == []
        assert names(rhythm.regularity(frames(hand.taps))) == []


def test_windowed_rates_add_up() -> None:
    found = person(3)
    rates = rhythm.windowed_rates(found)
    assert len(rates) == (found[-1].stamp_ms - found[0].stamp_ms) // 5_000
    assert sum(rates) * 5 == pytest.approx(sum(frame.taps for frame in found), abs=25)


def test_few_frames_say_nothing() -> None:
    few = frames(timer(150))[:39]
    tapper = Tapper("1", few, {})
    assert [found.signals for found in assess([tapper, Tapper("2", [], {})], {})] == [[], []]


def test_a_rhythm_played_again_is_known_a_new_one_is_not() -> None:
    hand = anybody(random.Random(5))
    first, again = (frames(lambda start_ms, _: hand.taps(start_ms, random.Random(9)), seed) for seed in (1, 2))
    other = frames(hand.taps, 3)
    kept = {"an earlier room": rhythm.unpack(rhythm.compact(first))}
    [signal] = rhythm.replayed(rhythm.gaps_of(again), kept)
    assert signal.score == 1
    assert "an earlier room" in signal.why
    assert names(rhythm.replayed(rhythm.gaps_of(other), kept)) == []


def test_two_accounts_with_one_recording_are_known_in_one_room() -> None:
    hand = anybody(random.Random(5))
    one, two = (frames(lambda start_ms, _: hand.taps(start_ms, random.Random(9)), seed) for seed in (1, 2))
    found = assess([Tapper("1", one, {}), Tapper("2", two, {}), Tapper("3", person(8), {})], {})
    assert [assessment.review for assessment in found] == [True, True, False]


def test_a_compact_rhythm_is_small_and_comes_back() -> None:
    found = person(1)
    packed = rhythm.compact(found)
    assert len(packed) <= 1_200
    assert rhythm.unpack(packed) == rhythm.gaps_of(found)


def test_a_clock_that_runs_wrong_all_the_time() -> None:
    slow = [frame._replace(stamp_ms=int(frame.stamp_ms * 0.97)) for frame in person(4)]
    [signal] = clock.drift(slow)
    assert signal.name == "clock_drift"
    assert signal.score > 0.9
    assert "ms a second" in signal.why


def test_one_change_of_network_is_no_drift() -> None:
    found = person(4)
    moved = [frame._replace(at_ms=frame.at_ms + (400 if frame.at_ms > 30_000 else 0)) for frame in found]
    assert names(clock.drift(moved)) == []


def test_stamps_in_the_future_are_a_weak_signal() -> None:
    ahead = [frame._replace(stamp_ms=frame.at_ms) for frame in person(4)]
    [signal] = clock.drift(ahead)
    assert (signal.name, round(signal.score, 2)) == ("clock_ahead", 0.3)


@pytest.mark.parametrize(("count", "score"), [(0, None), (2, None), (6, 0.5), (10, 1.0), (500, 1.0)])
def test_frames_held_back_count_from_the_third_on(count: int, score: float | None) -> None:
    found = list(clock.held_back("1", {("1", "held", "1"): count, ("2", "held", "1"): 99}))
    assert [signal.score for signal in found] == ([] if score is None else [score])


def origins(**values: str) -> Mapping[tuple[str, str, str], int]:
    return {(user.removeprefix("u"), "from", value): 1 for user, value in values.items()}


def test_who_shares_a_network_or_a_device() -> None:
    observations = origins(u1="n.d", u2="n.e", u3="m.d", u4="k.f")
    assert names(shared_origin.shared("1", observations)) == ["same_network"]
    assert names(shared_origin.shared("3", observations)) == []
    twins = origins(u1="n.d", u2="n.d", u3="n.e")
    [signal] = shared_origin.shared("1", twins)
    assert (signal.name, signal.score) == ("same_device", 0.5)
    assert "player 2" in signal.why
    assert names(shared_origin.shared("4", twins)) == []


def test_one_account_from_two_kinds_of_device() -> None:
    observations = {("1", "from", "n.d"): 2, ("1", "from", "m.e"): 1}
    assert names(shared_origin.shared("1", observations)) == ["two_devices"]
    assert names(shared_origin.shared("1", {("1", "from", "n.d"): 2, ("1", "from", "m.d"): 1})) == []


def test_weak_signals_alone_are_no_reason_to_look() -> None:
    observations = origins(u1="n.d", u2="n.d")
    found = assess([Tapper("1", person(1), {}), Tapper("2", person(2), {})], observations)
    assert [assessment.review for assessment in found] == [False, False]
    assert all(0 < assessment.score < 0.7 for assessment in found)


def held_until(moments: list[tuple[int, int]]) -> list[Frame]:
    """Frames of (moment, taps), applied as they were stamped."""
    return [Frame(n, at + 80, at, taps) for n, (at, taps) in enumerate(moments, 1)]


@pytest.mark.parametrize(
    "moments",
    [
        [(1_000 + 2_000 * n, 50) for n in range(30)],
        [(500 + 800 * n, 20) for n in range(70)],
        [(700 + 2_000 * n, 20) for n in range(29)],
        [(20, 20), (30, 20), (40, 10), (2_045, 20), (2_050, 20), (2_055, 10), (4_060, 20), (4_070, 20), (4_080, 10)],
    ],
)
def test_few_large_frames_are_no_app(moments: list[tuple[int, int]]) -> None:
    [signal] = frame_signals.sparse(held_until(moments))
    assert signal.score > 0.7
    assert "the app sends a frame after 200 ms" in signal.why
    [found] = assess([Tapper("1", held_until(moments), {})], {})
    assert found.review


def test_a_hero_room_that_is_taken_faster_than_hands_go_is_seen() -> None:
    taken = held_until([(at + extra, 10) for at in (20, 2_025, 4_030, 6_035) for extra in (0, 1, 2, 3, 4)])
    [signal] = frame_signals.beyond_hands(taken)
    assert signal.score == 1
    assert "33.1 taps a second over the first 6.0 s" in signal.why
    [found] = assess([Tapper("1", taken, {})], {})
    assert signal in found.signals
    assert found.review


def test_the_most_that_time_allows_for_a_minute_is_beyond_hands_in_whatever_frames() -> None:
    for each in (5, 8, 10, 16):
        [signal] = frame_signals.beyond_hands(held_until([(40 * each * n, each) for n in range(1, 1_500 // each)]))
        assert signal.score == 1


def test_people_send_as_the_app_does_at_every_rate_and_with_late_timers() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        hand = anybody(rng) if seed % 3 else replace(anybody(rng), rate=FASTEST_HONEST, fingers=4)
        trace = honest.play(rng, "1", 0, GAME_MS, hand.taps)
        found = [Frame(n, at, max(0, frame.timestamp), frame.taps) for n, (at, frame) in enumerate(trace.arrivals, 1)]
        assert names(frame_signals.sparse(found)) == names(frame_signals.beyond_hands(found)) == []
        # And in a hero room, which the first 200 taps end.
        short = [frame for n, frame in enumerate(found) if sum(each.taps for each in found[:n]) < 200]
        assert names(frame_signals.sparse(short)) == names(frame_signals.beyond_hands(short)) == []


def test_a_game_too_short_to_judge_is_judged_with_the_players_others() -> None:
    def taken(seed: int) -> list[Frame]:
        return frames(timer(1000 / 22, late_ms=2), seed)[:30]

    earlier = {f"room {seed}": rhythm.compact(taken(seed)) for seed in range(1, 4)}
    assert not assess([Tapper("1", taken(9), {})], {})[0].review
    [found] = assess([Tapper("1", taken(9), earlier)], {})
    assert found.review
    assert {signal.name for signal in found.signals} == {"regular_rhythm"}
    # A long game of somebody else's hand beside them changes nothing, and people stay people.
    long = {"a long one": rhythm.compact(person(3))}
    assert assess([Tapper("1", taken(9), earlier | long)], {})[0].review
    hands = {f"room {seed}": rhythm.compact(person(seed)[:30]) for seed in range(1, 4)}
    assert not assess([Tapper("1", person(9)[:30], hands | long)], {})[0].review
