"""The tests' own waiting: it is bounded, and says what did not come."""

import asyncio
import itertools

import pytest

from tests.fixtures.waiting import eventually, wait_for


async def test_it_returns_what_came() -> None:
    counted = itertools.count()
    assert wait_for("the third look", lambda: next(counted) > 2) is True

    async def third() -> str:
        return "here" if next(counted) > 6 else ""

    assert await eventually("a word", third) == "here"


async def test_it_says_what_did_not_come() -> None:
    with pytest.raises(AssertionError, match=r"a mail: not within 0.01 s, last seen: \[\]"):
        wait_for("a mail", list, within_s=0.01)
    with pytest.raises(AssertionError, match=r"a mail: not within 0.01 s, last seen: None"):
        await eventually("a mail", asyncio.Event().wait, within_s=0.01)


async def test_only_expected_errors_count_as_not_yet() -> None:
    def look() -> bool:
        raise ConnectionError("away")

    with pytest.raises(AssertionError, match=r"the server: .*ConnectionError\('away'\)"):
        await eventually("the server", look, within_s=0.01, despite=OSError)
    with pytest.raises(ConnectionError):
        await eventually("the server", look)


async def test_a_time_out_of_somebody_else_passes_through() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await eventually("nothing", lambda: False)
