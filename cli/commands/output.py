"""How commands show what they found: JSON for programs, tables for a person at a terminal, else a line each.

Lines and JSON are read by scripts: their words and fields stay.  Nothing is coloured where it is no terminal.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from cli.tree import PROGRAM

Item = TypeVar("Item")


def print_json(value: Any, *, indent: int | None = None) -> None:
    """One document; times and ids as text."""
    print(json.dumps(value, indent=indent, default=str))


def refuse(command: str, reason: str) -> int:
    """Say on stderr why it was not done; the exit code for that."""
    print(f"{PROGRAM} {command}: {reason}", file=sys.stderr)
    return 1


def print_list(
    items: Sequence[Item],
    *,
    line: Callable[[Item], str],
    columns: Sequence[str],
    cells: Callable[[Item], Sequence[object]],
    nothing: str,
) -> None:
    """Each item: a row of a table at a terminal that is wide enough, else its line; `nothing` where there is none."""
    if not items:
        print(nothing)
    elif not (sys.stdout.isatty() and _print_table(columns, map(cells, items), only_whole=True)):
        print("\n".join(map(line, items)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """For a terminal only; what does not fit into a line goes on in the next.  A column without anything in it is left
    out, and numbers stand to the right."""
    _print_table(columns, rows, only_whole=False)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, only_whole: bool) -> bool:
    """Whether it was printed: with `only_whole` not where it is wider than the terminal, since ids are copied."""
    from rich import box  # here: programs read lines and JSON, and need not wait for it
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    console, table = Console(), Table(box=box.SIMPLE_HEAD)
    by_column = [list(column) for column in zip(*rows, strict=True)]
    told = [(name, cells) for name, cells in zip(columns, by_column, strict=True) if set(cells) - {None, ""}]
    for name, cells in told:
        numeric = all(isinstance(cell, int) for cell in cells if cell is not None)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in zip(*(cells for _, cells in told), strict=True):
        table.add_row(*(Text("" if cell is None else str(cell), _COLOURS.get(str(cell), "")) for cell in row))
    options = console.options.update(width=_ANY_WIDTH)
    if only_whole and Measurement.get(console, options, table).maximum > console.width:
        return False
    console.print(table)
    return True


_ANY_WIDTH = 10_000
_COLOURS = {
    **dict.fromkeys(("ok", "clean", "paid", "credited", "sent", "rewarded", "serving", "as published"), "green"),
    **dict.fromkeys(("TO DO", "review", "approval", "held", "draining"), "yellow"),
    **dict.fromkeys(("lost", "DIFFERS"), "red"),
}


def moment(at_ms: int) -> str:
    """A time as it is printed everywhere, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
