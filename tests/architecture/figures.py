"""`python -m tests.architecture.figures [CHECKOUT ...]`: how the house stands, in figures; a column a checkout.

Without an argument it is this checkout.  Another one, of another time too, is read and never run:
`git worktree add /tmp/before COMMIT` makes it.
"""

import ast
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.architecture.floors import FLOORS, Floors, forbidden
from tests.architecture.imports import (
    OURS,
    PRODUCT,
    Import,
    circles,
    python_files,
    python_imports,
    web_files,
    web_imports,
)

ROOT: Final = Path(__file__).parents[2]
LONG_FILE: Final = 400
LONG_FUNCTION: Final = 50

# The floors by the names of the time before cli/: the command line and the settings lay in one package.
FLOORS_BEFORE_CLI: Final[Floors] = (
    ("benchmarks", "tests"),
    ("chance_tap",),
    ("gateway", "workers"),
    ("bot",),
    ("persistence", "chance_tap.record"),
    ("persistence.redis", "persistence.postgres", "persistence.ton", "persistence.telegram", "persistence.mail"),
    ("persistence.errors", "persistence.tls"),
    ("chance_tap.sentry",),
    ("chance_tap.log",),
    ("chance_tap.settings",),
)


def figures(root: Path) -> dict[str, str]:
    """Every figure of the checkout at `root`, by what it says."""
    imports = python_imports(root)
    floors = FLOORS if (root / "cli").is_dir() else FLOORS_BEFORE_CLI
    others = [package for package in OURS if package not in PRODUCT]
    web = [path for path in web_files(root) if ".test." not in path.name]
    return {
        "imports that do not go down": str(len(forbidden(imports, floors))),
        "circles (files in them)": _circles(imports),
        "persistence: arrows between rooms": _arrows(root, imports),
        **_sizes("product", python_files(root, PRODUCT)),
        "product: functions over 50 lines": str(_long_functions(python_files(root, PRODUCT))),
        **_sizes("tests", python_files(root, others)),
        "tests: functions over 50 lines": str(_long_functions(python_files(root, others))),
        "web: circles (files in them)": _circles(web_imports(root)),
        **_sizes("web", web),
    }


def _circles(imports: Iterable[Import]) -> str:
    found = circles(imports)
    return f"{len(found)} ({len({each.file for circle in found for each in circle})})"


def _arrows(root: Path, imports: Iterable[Import]) -> str:
    """Rooms of `persistence/` are its folders, and each module that lies in none."""

    def room(file: str) -> str | None:
        package, name = file.split("/")[:2]
        return name if package == "persistence" and name != "__init__.py" else None

    arrows = {(room(each.file), room(each.target)) for each in imports if room(each.file) and room(each.target)}
    rooms = {room(path.relative_to(root).as_posix()) for path in python_files(root, ["persistence"])} - {None}
    return f"{sum(start != end for start, end in arrows)} between {len(rooms)}"


def _sizes(what: str, files: Sequence[Path]) -> dict[str, str]:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
    long = [length for length in lengths if length > LONG_FILE]
    return {
        f"{what}: lines in files": f"{sum(lengths)} in {len(lengths)}",
        f"{what}: median file, files over {LONG_FILE} lines": f"{median(lengths):.0f}, {len(long)}",
    }


def _long_functions(files: Iterable[Path]) -> int:
    return sum(
        (node.end_lineno or node.lineno) - node.lineno >= LONG_FUNCTION
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def main(arguments: Sequence[str]) -> None:
    """Print the figures of each checkout, side by side."""
    columns = [figures(Path(argument)) for argument in arguments or [str(ROOT)]]
    for name in columns[0]:
        print(f"{name:40}", *(f"{column[name]:>18}" for column in columns))


if __name__ == "__main__":
    main(sys.argv[1:])
