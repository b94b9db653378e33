"""A studio for each scene; what was found wrong fails the scene when all its pictures are made."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.crowd import Crowd
from tests.browser.screenshots.studio import Studio, write_contact_sheet


@pytest.fixture(scope="session", autouse=True)
def contact_sheet() -> Iterator[None]:
    yield
    write_contact_sheet()


@pytest_asyncio.fixture
async def studio(browser: Browser) -> AsyncIterator[Studio]:
    studio = Studio(browser)
    yield studio
    await studio.dismiss()
    report = studio.report()
    if report:
        pytest.fail(report, pytrace=False)


@pytest_asyncio.fixture
async def crowd_of() -> AsyncIterator[Callable[[str], Crowd]]:
    """`crowd_of(url)`: the other players of that server."""
    crowds: list[Crowd] = []

    def make(url: str) -> Crowd:
        crowds.append(Crowd(url))
        return crowds[-1]

    yield make
    for crowd in crowds:
        await crowd.gone()
