"""Random terms and commands for a room and its model: most words never reach a game, so many runs begin inside one."""

from typing import Any

from hypothesis import strategies as st

from persistence.redis import keys
from persistence.redis.rooms import RoomTerms

USERS = 5
ORGANIZER = str(USERS)  # one of the users, so that the organizer also tries to sit and to tap
KEY = "02J7Q4ZK9M"
PARTITION = keys.partition_of_key(KEY)

Word = tuple[str, Any]

numbers = st.integers(0, USERS - 1)
seats = st.tuples(numbers, st.integers(0, 2))  # a user and which of that user's seat ids
frame = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, USERS - 1, USERS]),  # the last has no seat, the one before organizes
    st.sampled_from([1, 5, 12, 12, 20, 20, 25, 30, 50, 0, 51, -3]),
    st.sampled_from(
        [0, 0, 0, 0, -10, -150, -400, -900, -1999, -2000, -2001, -6000, -12_000, -12_001, 1, 300, 2000, 2001]
    ),
    st.sampled_from([-1, -1, -1, -1, 1, 2, 3, 4, 5, 6, 8, 9, 2**32]),
)
taps = st.tuples(st.just("taps"), st.lists(frame, min_size=1, max_size=6))
pulse = st.tuples(st.just("pulse"), st.none())
tick = st.tuples(st.just("tick"), st.none())
edge = st.tuples(st.just("edge"), st.sampled_from([-1000, -999, -500, -1, 0, 0, 1, 2000]))  # near the room's deadline
small_step = st.tuples(st.just("clock"), st.sampled_from([0, 1, 40, 200, 300, 600, 1000, 2000, -700]))
large_step = st.tuples(st.just("clock"), st.sampled_from([5000, 5001, 9000, 15_000, -20_000]))
note = st.tuples(st.just("note"), st.sampled_from(["clock", "network of one"]))
people = st.sampled_from([0, 1, 2, USERS - 1, USERS - 1])
start = st.tuples(st.just("start"), people)
organizer_cancel = st.tuples(st.just("organizer_cancel"), people)
react = st.tuples(st.just("react"), st.tuples(people, people))
common = st.one_of(
    *(st.tuples(st.just(word), seats) for word in ("reserve", "join", "join", "confirm", "leave")),
    *(taps, taps, pulse, tick, edge, edge, small_step, large_step, react, note),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("settle"), st.sampled_from(["settled", "refunded"])),
)
by_organizer = st.one_of(start, start, organizer_cancel, st.tuples(st.just("make"), st.sampled_from([0, 0, 1])))
command = st.one_of(common, common, common, by_organizer)
game_words = st.lists(st.one_of(taps, taps, taps, small_step, small_step, tick, edge, pulse), max_size=14)

_times: dict[str, st.SearchStrategy[int]] = {
    "countdown_ms": st.sampled_from([0, 1000]),
    "game_ms": st.sampled_from([3000, 10_000, 10_000]),
}
standard_terms = st.builds(
    RoomTerms,
    kind=st.just("standard"),
    stake=st.sampled_from([20, 50, 333]),
    capacity=st.sampled_from([2, 3]),
    min_players=st.just(2),
    wait_ms=st.sampled_from([1000, 20_000]),
    fee_bps=st.sampled_from([0, 333]),
    target=st.sampled_from([0, 0, 60]),
    **_times,
)
hero_terms = st.builds(
    RoomTerms,
    kind=st.just("hero"),
    stake=st.sampled_from([1, 333]),
    capacity=st.sampled_from([2, 3, 4]),
    min_players=st.just(2),
    wait_ms=st.sampled_from([5000, 20_000]),
    fee_bps=st.just(1000),
    target=st.sampled_from([40, 60, 60, 0]),
    organizer_id=st.just(ORGANIZER),
    organizer_seat_id=st.just("00000000-0000-4000-8000-000000000900"),
    key=st.just(KEY),
    **_times,
)

_FULL: list[Word] = [("join", (n, 0)) for n in range(3)]
standard_opening = st.one_of(
    st.just([]),
    game_words.map(lambda words: [*_FULL[:2], ("edge", 0), ("tick", None), ("edge", 0), *words]),
    game_words.map(lambda words: [("pulse", None), *_FULL, ("clock", 1000), ("tick", None), *words]),
    game_words.map(lambda words: [*_FULL, ("clock", 1000), ("taps", [(0, 20, 0, 1)]), *words]),
)
_MADE: Word = ("make", 0)
_START: Word = ("start", USERS - 1)
hero_opening = st.one_of(
    st.lists(common, max_size=2).map(lambda words: [*words, _MADE]),
    st.lists(st.one_of(start, organizer_cancel, react, edge, tick), max_size=5).map(
        lambda words: [_MADE, _FULL[0], ("reserve", (1, 0)), *words]
    ),
    st.lists(st.one_of(start, organizer_cancel, react, edge, tick), max_size=5).map(
        lambda words: [_MADE, *_FULL[:2], ("reserve", (2, 0)), *words]
    ),
    game_words.map(lambda words: [_MADE, *_FULL, _START, ("clock", 1000), ("taps", [(0, 20, 0, 1)]), *words]),
    game_words.map(lambda words: [_MADE, *_FULL[:2], _START, ("edge", 0), ("tick", None), *words]),
)
run = st.one_of(
    st.tuples(standard_terms, standard_opening, st.lists(common, max_size=12)),
    st.tuples(hero_terms, hero_opening, st.lists(command, max_size=8)),
)
