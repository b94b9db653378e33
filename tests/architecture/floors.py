"""The floors of the house, from the top: a room may import what lies below it, never what lies above or beside it."""

from collections.abc import Iterable
from typing import Final

from tests.architecture.imports import Import, dotted

Floors = tuple[tuple[str, ...], ...]

FLOORS: Final[Floors] = (
    ("benchmarks", "tests"),
    ("cli",),
    ("gateway", "workers"),
    ("bot",),
    ("persistence",),  # the flows, by domain
    ("persistence.redis", "persistence.postgres", "persistence.ton", "persistence.telegram", "persistence.mail"),
    (
        "persistence.errors",
        "persistence.tls",
        "persistence.chain",
        "persistence.base32",
        "persistence.odd",
        "persistence.vocabulary",
    ),
    ("chance_tap",),
)


def room_of(module: str, floors: Floors = FLOORS) -> str:
    """The innermost room that a module lies in.

    Raises:
        LookupError: it lies on no floor.
    """
    rooms = [room for floor in floors for room in floor if f"{module}.".startswith(f"{room}.")]
    if not rooms:
        raise LookupError(f"{module} lies on no floor")
    return max(rooms, key=len)


def forbidden(imports: Iterable[Import], floors: Floors = FLOORS) -> list[str]:
    """The imports of what does not lie below, in words that name file and import."""
    floor_of = {room: number for number, floor in enumerate(floors) for room in floor}
    found = []
    for each in imports:
        room, target = (room_of(dotted(file), floors) for file in (each.file, each.target))
        if target != room and floor_of[target] <= floor_of[room]:
            found.append(f"{each}: {target} does not lie below {room}")
    return found
