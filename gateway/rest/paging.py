"""Lists in pages, newest first: the two fields of their queries, and how one page leads to the next.

Owns how long a page may be and what a cursor looks like to a client.  Must never know what a list holds.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.errors import invalid
from persistence.errors import GameError

PAGE: Final = 50
LONGEST_PAGE: Final = 200
QUERY: Final[Mapping[str, str]] = {
    "cursor": "next_cursor of the page before",
    "limit": f"1 to {LONGEST_PAGE}, {PAGE} by default",
}
"""What the OpenAPI document says of the two."""

Row = TypeVar("Row")
Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list, and the cursor of those after them; None on the last page."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Paging(Generic[Row, Position]):
    """One list's cursors: that of a row, and the position that a cursor stands for.

    `position_of` raises `bad_cursor()` for what `cursor_of` never made.
    """

    cursor_of: Callable[[Row], str]
    position_of: Callable[[str], Position]

    async def read(
        self, query: Mapping[str, str], rows_after: Callable[[Position | None, int], Awaitable[list[Row]]]
    ) -> Page[Row]:
        """The page that a query asks for.  `rows_after` gives the rows after a position (None: the first ones), at most
        so many; it is asked for one more than the page holds, which tells whether another page follows.

        Raises:
            GameError: invalid_request.
        """
        limit = _limit(query)
        cursor = query.get("cursor")
        rows = await rows_after(None if cursor is None else self.position_of(cursor), limit + 1)
        page = rows[:limit]
        return Page(page, self.cursor_of(page[-1]) if len(rows) > limit else None)


def numbered(number_of: Callable[[Row], int]) -> Paging[Row, int]:
    """The paging of a list whose rows have rising numbers: the cursor is the last number of the page."""
    return Paging(lambda row: str(number_of(row)), _number)


def bad_cursor() -> GameError:
    """The refusal of what no answer ever gave as `next_cursor`."""
    return invalid("cursor", "must be a next_cursor of an earlier answer")


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(PAGE))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_PAGE:
        raise invalid("limit", f"must be from 1 to {LONGEST_PAGE}")
    return int(text)


def _number(cursor: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", cursor):
        raise bad_cursor()
    return int(cursor)
