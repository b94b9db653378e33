"""Rule 3 of the tap path (docs/protocol.md): late taps count for absences alone, by the player's own rate."""

import pytest

from persistence.redis.codes import TapFrame, TapMark, TapStatus
from tests.lua.game import END_MS, START_MS, Game
from tests.lua.rules import Taps

pytestmark = pytest.mark.on_cluster_too

OK, BLOCKED = TapStatus.OK, TapStatus.BLOCKED


async def taps_evenly(game: Game, a_second: int, from_ms: int, until_ms: int, user_id: str = "1") -> None:
    """As the app sends: two frames a second, at once."""
    for at in range(from_ms + 500, until_ms + 1, 500):
        assert await game.tap(START_MS + at, a_second // 2, user_id=user_id) is OK


def absent(count: int, from_ms: int, until_ms: int, mark: TapMark = TapMark.AWAY) -> list[TapFrame]:
    """Frames of player 1, each stamped half a second after the last."""
    stamps = range(from_ms + 500, until_ms + 1, 500)
    return [TapFrame("1", count, START_MS + stamp, mark=mark) for stamp in stamps]


async def test_the_last_mover_is_refused(game: Game) -> None:
    """Rule 3: frames kept until the final counts were seen, 204 taps 265 ms after the end, by one who answers pings."""
    await taps_evenly(game, 8, 0, 48_000)
    await taps_evenly(game, 10, 48_000, 59_500, "2")
    held = [TapFrame("1", 12, END_MS - ms, mark=TapMark.HELD) for ms in range(11_900, 3_000, -525)]
    assert sum(frame.taps for frame in held) == 204
    assert set(await game.at(END_MS + 265, *held)) == {TapStatus.HELD}
    assert await game.taps() == 8 * 48


async def test_who_was_away_at_the_end_wins_by_own_rate_alone(game: Game) -> None:
    """Rule 3: the same without answering pings: a third of what it is in five seconds more, and seven taps."""
    await taps_evenly(game, 8, 0, 48_000)
    assert set(await game.at(END_MS + 265, *absent(12, 48_000, 59_500))) == {OK}
    weighed_ms = sum(500 * (110 * 60_000 - 20 * ms) // 6_000_000 for ms in range(48_500, 59_501, 500))
    own = 8 * 48 * weighed_ms // 48_500
    assert await game.taps() == 8 * 48 + own + own * 5_000 // (3 * 11_500) + 7


async def test_an_absence_early_in_the_game_is_worth_more_than_one_at_its_end(game: Game) -> None:
    """Rule 3: hands tire; the same claim for the same silence, of hands that make the same."""
    away_from = {"1": 5_000, "2": 50_000}
    for at in range(500, 60_000, 500):
        for user_id, from_ms in away_from.items():
            if at == from_ms + 9_000:
                claims = [frame._replace(user_id=user_id) for frame in absent(12, from_ms, at - 1_500)]
                assert set(await game.at(START_MS + at, *claims)) == {OK}
            elif not from_ms < at <= from_ms + 9_000:
                assert await game.tap(START_MS + at, 4, user_id=user_id) is OK
    assert await game.taps("1") - await game.taps("2") == 12


async def test_what_comes_after_the_end_counts_by_own_rate_too(game: Game) -> None:
    """Rule 3: in the last second and a half nobody is late, but after the end everybody knows the counts."""
    await taps_evenly(game, 8, 0, 58_500)
    late = [TapFrame("1", 10, END_MS - ms) for ms in (1400, 900, 400)]
    assert set(await game.at(END_MS + 265, *late)) == {OK}
    weighed_ms = sum(
        ms * (110 * 60_000 - 20 * at) // 6_000_000 for ms, at in ((100, 58_600), (500, 59_100), (500, 59_600))
    )
    own = 8 * 117 // 2 * weighed_ms // 58_900
    assert await game.taps() == 8 * 117 // 2 + own + 12


async def test_frames_held_back_in_the_middle_of_the_game_are_refused(game: Game) -> None:
    await taps_evenly(game, 8, 0, 20_000)
    assert set(await game.at(START_MS + 24_000, *absent(4, 20_000, 22_000, TapMark.HELD))) == {TapStatus.HELD}
    assert await game.tap(START_MS + 24_010, 4) is OK
    assert await game.taps() == 164


@pytest.mark.parametrize(("away_s", "rate"), [(5, 8), (5, 24), (11, 8), (11, 24)])
async def test_an_honest_outage_costs_nothing(game: Game, away_s: int, rate: int) -> None:
    """Rule 3: 5 s, and 5 s of back-off and a second for the way."""
    back = 20_000 + 1000 * away_s
    await taps_evenly(game, rate, 0, 20_000)
    assert set(await game.at(START_MS + back, *absent(rate // 2, 20_000, back - 1500))) == {OK}
    await game.at(START_MS + back, *absent(rate // 2, back - 1500, back, TapMark.NONE))
    await taps_evenly(game, rate, back, 40_000)
    assert await game.taps() == rate * 40


async def test_who_was_away_from_the_start_is_believed_as_soon_as_own_taps_show_it(game: Game) -> None:
    """Rule 3: taps that are more than is likely are not lost; they wait until the rest makes them likely."""
    assert set(await game.at(START_MS + 5000, *absent(10, 0, 3500))) == {OK}
    own = (30_000 - 1_500) // 250 * sum(500 * (110 * 60_000 - 20 * ms) // 6_000_000 for ms in range(500, 3_501, 500))
    assert await game.taps() == own // 30_000 + 12  # as if hands were slow
    await taps_evenly(game, 20, 4500, 30_000)
    assert await game.taps() == 20 * 29  # 3.5 s and 25.5 s, and nothing of it is missing


async def test_absences_of_a_game_together_have_a_bound(game: Game) -> None:
    """Rule 3: 18 s of a game; then late frames are refused, and the others count as ever."""
    await taps_evenly(game, 8, 0, 10_000)
    for start in (10_000, 19_000):
        assert set(await game.at(START_MS + start + 9_000, *absent(4, start, start + 9_000))) == {OK}
    assert set(await game.at(START_MS + 30_000, *absent(4, 28_000, 28_500))) == {TapStatus.HELD}
    await taps_evenly(game, 8, 30_000, 50_000)
    assert await game.taps() == 8 * 48


async def test_a_pause_before_an_absence_is_none(game: Game) -> None:
    """Rule 3: a frame covers the time since the last one, but a second at most."""
    await taps_evenly(game, 8, 0, 20_000)
    assert await game.at(START_MS + 55_000, *absent(8, 52_500, 53_500)) == [OK, OK]
    own = 1500 * 160 // (55_000 - 1500)
    assert await game.taps() == 160 + own + 12


async def test_a_frame_refused_as_late_opens_no_window(game: Game) -> None:
    """Rule 4 holds whatever was refused in between."""
    for start in (0, 9_000):
        assert set(await game.at(START_MS + start + 9_000, *absent(4, start, start + 9_000))) == {OK}
    full = [TapFrame("1", count, START_MS + 28_000) for count in (20, 20, 10)]
    too_late = TapFrame("1", 1, START_MS + 30_000, mark=TapMark.AWAY)
    more = TapFrame("1", 1, START_MS + 29_000)
    assert await game.at(START_MS + 30_000, *full, too_late, more) == [OK, OK, OK, TapStatus.HELD, BLOCKED]


@pytest.mark.parametrize(("cut_ms", "back_ms"), [(1_900, 10_600), (3_000, 9_000), (6_000, 12_400)])
def test_half_of_a_short_game_in_a_tunnel_costs_nothing(cut_ms: int, back_ms: int) -> None:
    """Rule 3 in a game of 16 s: nine taps a second until shortly before its end."""
    taps = Taps()
    for stamp in range(520, 12_000, 220):
        came = back_ms if cut_ms <= stamp + 100 < back_ms else stamp + 120
        mark = TapMark.AWAY if came - stamp > 1_500 else TapMark.NONE
        assert taps.apply(TapFrame("1", 2, stamp, stamp, mark), came, 0, 16_000) is OK
    assert (taps.taps, taps.claimed > 30) == (2 * len(range(520, 12_000, 220)), True)


async def test_a_store_that_was_away_at_the_end_costs_nothing(game: Game) -> None:
    """Rule 3: what was prompt at its gateway and waited there for Redis is no absence, and hides none behind it."""
    await taps_evenly(game, 4, 0, 53_000)
    waited = absent(2, 53_000, 59_500, TapMark.NONE)
    assert set(await game.at(END_MS - 100, *waited[:3])) == {OK}
    assert set(await game.at(END_MS + 300, *waited[3:])) == {OK}
    assert await game.taps() == 4 * 53 + 2 * 13
