"""Days, weeks and years end at midnight UTC, weeks on Sunday."""

from datetime import UTC, datetime, timedelta

import pytest

from persistence.leaderboards import leaderboard_at, leaderboard_of_day, wanted
from tests.leaderboards.conftest import NOON_MS, ms


@pytest.mark.parametrize(
    ("moment", "day", "monday"),
    [
        (datetime(2082, 11, 18, 12, tzinfo=UTC), "2082-11-18", "2082-11-16"),
        (datetime(2082, 11, 22, 23, 59, 59, 999_000, tzinfo=UTC), "2082-11-22", "2082-11-16"),
        (datetime(2082, 11, 23, tzinfo=UTC), "2082-11-23", "2082-11-23"),
        (datetime(2082, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), "2082-12-31", "2082-12-28"),
        (datetime(2083, 1, 1, tzinfo=UTC), "2083-01-01", "2082-12-28"),
        (datetime(2028, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC), "2028-02-29", "2028-02-28"),
        (datetime(2028, 3, 1, tzinfo=UTC), "2028-03-01", "2028-02-28"),
    ],
)
def test_the_board_of_a_moment(moment: datetime, day: str, monday: str) -> None:
    assert leaderboard_at("today", ms(moment)).name == f"today:{day}"
    assert leaderboard_at("week", ms(moment)).name == f"week:{monday}"
    assert leaderboard_at("all", ms(moment)).name == "all"


def test_a_board_outlives_its_time_by_a_day() -> None:
    assert leaderboard_at("today", NOON_MS).ends_ms == ms(datetime(2082, 11, 20, tzinfo=UTC))
    assert leaderboard_at("week", NOON_MS).ends_ms == ms(datetime(2082, 11, 24, tzinfo=UTC))
    assert leaderboard_at("all", NOON_MS).ends_ms is None


def test_midnight_finds_its_boards() -> None:
    """Whatever is read now and at the next midnight is among those that are kept now."""
    first = datetime(2082, 12, 25, tzinfo=UTC)
    for days in range(14):
        moment = ms(first + timedelta(days=days))
        kept = wanted(moment)
        tomorrow = leaderboard_of_day("today", (first + timedelta(days=days + 1)).date())
        assert len(kept) == len(set(kept)) == 5
        assert {
            leaderboard_at("today", moment),
            leaderboard_at("week", moment),
            leaderboard_at("all", moment),
            tomorrow,
        } <= set(kept)
        assert leaderboard_at("week", ms(first + timedelta(days=days + 1))) in kept
