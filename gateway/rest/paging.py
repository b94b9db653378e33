"""Lists in pages, newest first: the two fields of their queries, and how one page leads to the next.

Owns how long a page may be and what a cursor looks like to a client.  Must never know what a list holds.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.errors import invalid
from gateway.rest.parameters import Number, Parameter, Text
from persistence.errors import GameError

PAGE: Final = 50
LONGEST_PAGE: Final = 200
_LIMIT: Final = Number("how many at most", 1, LONGEST_PAGE, PAGE)

Row = TypeVar("Row")
Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list, and the cursor of those after them; None on the last page."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Paging(Generic[Row, Position]):
    """One list's cursors: that of a row, the position that a cursor stands for, and what they look like.

    `position_of` raises `bad_cursor()` for what fits the pattern, and `cursor_of` never made.
    """

    cursor_of: Callable[[Row], str]
    position_of: Callable[[str], Position]
    cursor_pattern: str
    longest_cursor: int

    @property
    def query(self) -> Mapping[str, Parameter]:
        """The parameters of the list's query."""
        cursor = Text("next_cursor of the page before", self.cursor_pattern, self.longest_cursor)
        return {"cursor": cursor, "limit": _LIMIT}

    async def read(
        self, query: Mapping[str, str], rows_after: Callable[[Position | None, int], Awaitable[list[Row]]]
    ) -> Page[Row]:
        """The page that a query asks for.  `rows_after` gives the rows after a position (None: the first ones), at most
        so many; it is asked for one more than the page holds, which tells whether another page follows.

        Raises:
            GameError: invalid_request.
        """
        limit = int(query.get("limit", PAGE))
        cursor = query.get("cursor")
        rows = await rows_after(None if cursor is None else self.position_of(cursor), limit + 1)
        page = rows[:limit]
        return Page(page, self.cursor_of(page[-1]) if len(rows) > limit else None)


def numbered(number_of: Callable[[Row], int]) -> Paging[Row, int]:
    """The paging of a list whose rows have rising numbers: the cursor is the last number of the page."""
    return Paging(lambda row: str(number_of(row)), int, "^[0-9]{1,18}$", 18)


def bad_cursor() -> GameError:
    """The refusal of what no answer ever gave as `next_cursor`."""
    return invalid("cursor", "must be a next_cursor of an earlier answer")
