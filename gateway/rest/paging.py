"""Lists in pages, newest first: the two fields of their queries.

Owns how long a page may be and what a cursor looks like to a client.  Must never know what a list holds.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.errors import invalid
from persistence.errors import GameError

PAGE: Final = 50
LONGEST_PAGE: Final = 200
QUERY: Final[Mapping[str, str]] = {
    "cursor": "next_cursor of the page before",
    "limit": f"1 to {LONGEST_PAGE}, {PAGE} by default",
}
"""What the OpenAPI document says of the two."""


def page_limit(fields: Mapping[str, str]) -> int:
    """The `limit` of a list."""
    text = fields.get("limit", str(PAGE))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_PAGE:
        raise invalid("limit", f"must be from 1 to {LONGEST_PAGE}")
    return int(text)


def numbered_cursor(fields: Mapping[str, str]) -> int | None:
    """The `cursor` of a list whose rows have rising numbers: the last number of the page before, None at first."""
    text = fields.get("cursor")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise bad_cursor()
    return int(text)


def bad_cursor() -> GameError:
    """The refusal of what no answer ever gave as `next_cursor`."""
    return invalid("cursor", "must be a next_cursor of an earlier answer")
