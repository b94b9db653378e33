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
    """Each item: a row of a table at a terminal, else its line; `nothing` where there is none."""
    if not items:
        print(nothing)
    elif sys.stdout.isatty():
        print_table(columns, map(cells, items))
    else:
        print("\n".join(map(line, items)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """For a terminal only.  A cell that is None or empty stays empty; numbers stand to the right."""
    from rich import box  # here: programs read lines and JSON, and need not wait for it
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    listed = [list(row) for row in rows]
    for number, name in enumerate(columns):
        numeric = all(isinstance(row[number], int) for row in listed if row[number] is not None)
        table.add_column(name, justify="right" if listed and numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(Text("" if cell is None else str(cell), _COLOURS.get(str(cell), "")) for cell in row))
    Console().print(table)


_COLOURS = {
    **dict.fromkeys(("ok", "clean", "paid", "credited", "sent", "rewarded", "serving", "as published"), "green"),
    **dict.fromkeys(("TO DO", "review", "approval", "held", "draining"), "yellow"),
    **dict.fromkeys(("lost", "DIFFERS"), "red"),
}


def moment(at_ms: int) -> str:
    """A time as it is printed everywhere, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
