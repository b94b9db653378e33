"""A list from outside, element by element: one that cannot be understood must not hide the others.

Pure functions.  Where the odd ones are kept is `persistence/postgres/set_aside.py`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Odd:
    """An element that could not be understood.  `key`: its name in the list, or a digest of it; `raw`: JSON."""

    key: str
    raw: str
    problem: str


def sort_out(elements: Sequence[Any], read: Callable[[Any], T], *, named: str) -> tuple[list[T], list[Odd]]:
    """Each element by itself: those that `read` understands, and the others.  `named`: the field with its name.

    Whatever `read` raises about an element is that element's problem.
    """
    understood: list[T] = []
    odd: list[Odd] = []
    for each in elements:
        try:
            understood.append(read(each))
        except Exception as error:
            raw = json.dumps(each, default=str)  # it escapes what is no text, too
            name = each.get(named) if isinstance(each, dict) else None
            if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
                name = hashlib.sha256(raw.encode()).hexdigest()
            odd.append(Odd(name, raw, f"{type(error).__name__}: {error}"))
    return understood, odd
