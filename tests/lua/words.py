"""Random terms and commands for a room and its model: most words never reach a game, so many runs begin inside one."""

from typing import Any

from hypothesis import strategies as st

from persistence.redis import keys
from persistence.redis.rooms import RoomTerms
from persistence.vocabulary import RoomKind

USERS = 5
ORGANIZER = str(USERS)  # one of the users, so that the organizer also tries to sit and to tap
KEY = "02J7Q4ZK9M"
PARTITION = keys.partition_of_key(KEY)

Word = tuple[str, Any]
Run = tuple[RoomTerms, list[Word]]

numbers = st.integers(0, USERS - 1)
seats = st.tuples(numbers, st.integers(0, 2))  # a user and which of that user's seat ids
frame = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, USERS - 1, USERS]),  # the last has no seat, the one before organizes
    st.sampled_from([1, 5, 12, 12, 20, 20, 20, 19, 0, 21, -3]),
    st.sampled_from(
        [0, 0, 0, 0, -10, -150, -400, -900, -1999, -2000, -2001, -6000, -12_000, -12_001, 1, 300, 2000, 2001]
    ),
    st.sampled_from([-1, -1, -1, -1, 1, 2, 3, 4, 5, 6, 8, 9, 2**32]),
    st.sampled_from([0, 0, 0, 0, 1, 1, 2]),
)
taps = st.tuples(st.just("taps"), st.lists(frame, min_size=1, max_size=6))
heartbeat = st.tuples(st.just("heartbeat"), st.none())
tick = st.tuples(st.just("tick"), st.none())
edge = st.tuples(st.just("edge"), st.sampled_from([-1000, -999, -500, -1, 0, 0, 1, 2000]))  # near the room's deadline
small_step = st.tuples(st.just("clock"), st.sampled_from([0, 1, 40, 200, 300, 600, 1000, 2000, -700]))
large_step = st.tuples(st.just("clock"), st.sampled_from([5000, 5001, 9000, 15_000, -20_000]))
note = st.tuples(st.just("note"), st.sampled_from(["clock", "network of one"]))
people = st.sampled_from([0, 1, 2, USERS - 1, USERS - 1])
mostly_organizer = st.sampled_from([USERS - 1, USERS - 1, 0])
start = st.tuples(st.just("start"), mostly_organizer)
organizer_cancel = st.tuples(st.just("organizer_cancel"), mostly_organizer)
react = st.tuples(st.just("react"), st.tuples(people, people))
common = st.one_of(
    *(st.tuples(st.just(word), seats) for word in ("reserve", "join", "join", "confirm", "leave")),
    *(taps, taps, heartbeat, tick, edge, edge, small_step, large_step, react, note),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("settle"), st.sampled_from(["settled", "refunded"])),
)
by_organizer = st.one_of(start, start, organizer_cancel, st.tuples(st.just("make"), st.sampled_from([0, 0, 1])))
command = st.one_of(common, common, common, by_organizer)

# What chance seldom brings together: frames at the edges of the window, equal counts, a frame sent twice, and one that
# is late but was tapped in time.
_at_the_window = st.sampled_from([1998, 1999, 2000, 2001]).map(
    lambda step: [
        ("clock", 2100),
        ("taps", [(1, 15, 0, -1, 0), (1, 15, 0, -1, 0)]),
        ("clock", step),
        ("taps", [(1, 15, 0, -1, 0), (1, 15, 0, -1, 0)]),
    ]
)
# Absences: two who tap, then silence, then what was tapped meanwhile, 12 s old at most.
_tapping = st.integers(1, 8).map(
    lambda times: [
        word for _ in range(times) for word in (("clock", 700), ("taps", [(0, 6, -50, -1, 0), (1, 9, 0, -1, 0)]))
    ]
)
_away = st.tuples(st.sampled_from([2000, 5000, 12_000]), st.sampled_from([3, 11, 20]), st.sampled_from([0, 1])).map(
    lambda drawn: [
        ("clock", drawn[0]),
        ("taps", [(drawn[2], drawn[1], age, -1, 1) for age in range(-drawn[0] + 800, -1500, 800)]),
    ]
)
# Stamps that lie back, and a silence that claims the time between them and when they came.
_back = st.tuples(st.sampled_from([2000, 3000]), st.sampled_from([11, 20])).map(
    lambda drawn: [
        *(("clock", 700), ("taps", [(0, 6, -50, -1, 0)])),
        *(("clock", 2000), ("taps", [(0, 6, -1400, -1, 0)])),
        ("clock", drawn[0]),
        ("taps", [(0, drawn[1], age, -1, 1) for age in range(-drawn[0] - 1000, -1500, 800)]),
    ]
)
_even = st.permutations([0, 1, 2]).map(lambda users: [("taps", [(user, 20, 0, -1, 0) for user in users])])
_twice = st.integers(1, 3).map(lambda seq: [("taps", [(1, 12, 0, seq, 0), (0, 20, 0, seq, 0), (1, 12, 0, seq, 0)])])
_late = st.sampled_from([-1000, -500, -1]).map(lambda step: [("edge", step), ("taps", [(0, 5, -1999, -1, 0)])])
_move = st.one_of(taps, taps, small_step, tick, edge, heartbeat, note, react).map(lambda word: [word])
_moves = st.lists(st.one_of(_move, _move, _at_the_window, _even, _twice), max_size=7)
_over: list[Word] = [("edge", 0), ("tick", None)]
_ending: st.SearchStrategy[list[Word]] = st.one_of(
    st.just([]),
    _late,
    _late.map(lambda words: [*words, *_over, ("settle", "settled")]),
    st.sampled_from([_over, [*_over, ("settle", "settled")], [("note", "late"), ("settle", "refunded")]]),
)


def _terms(
    kind: RoomKind, capacity: list[int], *targets: int, game_ms: tuple[int, ...] = (3000, 10_000, 10_000)
) -> st.SearchStrategy[RoomTerms]:
    hero = kind == "hero"
    return st.builds(
        RoomTerms,
        kind=st.just(kind),
        stake=st.sampled_from([1, 50, 333]),
        capacity=st.sampled_from(capacity),
        min_players=st.just(2),
        wait_ms=st.sampled_from([1000, 20_000]),
        countdown_ms=st.sampled_from([0, 1000]),
        game_ms=st.sampled_from(game_ms),
        fee_bps=st.sampled_from([1000] if hero else [0, 333]),
        target=st.sampled_from(targets),
        organizer_id=st.just(ORGANIZER if hero else None),
        organizer_seat_id=st.just("00000000-0000-4000-8000-000000000900" if hero else None),
        key=st.just(KEY if hero else None),
    )


def _run(
    terms: st.SearchStrategy[RoomTerms], opening: list[list[Word]], *parts: st.SearchStrategy[Any]
) -> st.SearchStrategy[Run]:
    """One of the openings, then the parts one after another; a part is a list of words or of lists of words."""

    def flat(drawn: tuple[Any, ...]) -> Run:
        first, words, *rest = drawn
        for part in rest:
            for item in part:
                words = [*words, *(item if isinstance(item, list) else [item])]
        return first, words

    return st.tuples(terms, st.sampled_from(opening), *parts).map(flat)


_JOINS: list[Word] = [("join", (n, 0)) for n in range(3)]
_MADE: Word = ("make", 0)
_START: Word = ("start", USERS - 1)
_ONE = [_MADE, _JOINS[0], ("reserve", (1, 0))]
_TWO = [_MADE, *_JOINS[:2], ("reserve", (2, 0))]
_GAME = [[*_TWO, _START, ("edge", 0)], [_MADE, *_JOINS, _START, ("edge", 0), ("tick", None)]]
_FULL = [[*_JOINS[:2], ("edge", 0), ("tick", None), ("edge", 0)], [("heartbeat", None), *_JOINS, ("clock", 1000)]]
_sit = st.tuples(st.just("join"), st.tuples(mostly_organizer, st.just(0)))
_early = st.lists(st.one_of(start, organizer_cancel, react, edge, tick, _sit, command), max_size=5)
_few = st.lists(command, max_size=4)

# Each kind of run gets its share: of words drawn evenly, hardly any reach a game.
SCENARIOS: dict[str, st.SearchStrategy[Run]] = {
    "standard room": _run(_terms("standard", [2, 3], 0), [[]], st.lists(common, max_size=12)),
    "standard game": _run(_terms("standard", [3], 0), _FULL, _moves, _ending, st.lists(common, max_size=4)),
    "standard window": _run(
        _terms("standard", [3], 0), _FULL, st.lists(_at_the_window, min_size=1, max_size=2), _moves
    ),
    "standard absences": _run(
        _terms("standard", [3], 0, 0, 60, game_ms=(20_000, 60_000)),
        _FULL,
        st.lists(st.one_of(_tapping, _away, _away, _back, _move), min_size=2, max_size=8),
        _ending,
    ),
    "standard target": _run(_terms("standard", [3], 20, 40), _FULL, _moves, st.lists(_even, max_size=2), _ending),
    "hero room": _run(_terms("hero", [2, 3], 0), [[]], st.lists(common, max_size=2), st.just([_MADE]), _early, _few),
    "hero start": _run(_terms("hero", [2, 3], 0), [_ONE, _ONE, _TWO], _early, _few),
    "hero countdown": _run(_terms("hero", [3], 0), [[*_TWO, _START]], _early, _few),
    "hero deadline": _run(
        _terms("hero", [3, 4], 0),
        [[*_TWO, ("edge", step)] for step in (-1, 0, 0, 1)],
        st.permutations([("reserve", (3, 0)), _START, ("confirm", (2, 0)), ("tick", None)]),
        _few,
    ),
    "hero game": _run(_terms("hero", [3, 50], 0), _GAME, _moves, _ending, _few),
    "hero target": _run(_terms("hero", [3, 50], 20, 40), _GAME, _moves, st.lists(_even, max_size=2), _ending, _few),
}
