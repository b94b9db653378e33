"""Which of our files imports which: every import, those inside functions and under TYPE_CHECKING too.

Owns the reading of Python and TypeScript.  Must never run what it reads: a planted tree and a checkout of another time
are read as this one is.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRODUCT: Final = ("cli", "gateway", "workers", "bot", "persistence", "chance_tap")
OURS: Final = (*PRODUCT, "benchmarks", "tests")
WEB: Final = "webapp/src"

_COMMENTS: Final = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
# `import … from "x"`, `export … from "x"` (no other statement has neither brackets nor an equals sign before its
# `from`), `import "x"`, and `import("x")`, as a value or as a type.
_WEB_IMPORT: Final = re.compile(
    r"""^\s*(?:import|export)\b[^;"'`=()]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']"""
    r"""|\bimport\(\s*["']([^"']+)["']""",
    re.MULTILINE,
)
_WEB_ENDINGS: Final = ("", ".ts", ".tsx", "/index.ts", "/index.tsx")


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """`file` imports `target`, both relative to the root; `name` is what it wrote."""

    file: str
    line: int
    name: str
    target: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.name}"


def python_files(root: Path, packages: Iterable[str] = OURS) -> list[Path]:
    """The Python files of the packages that are there."""
    return [path for package in packages for path in sorted((root / package).rglob("*.py"))]


def web_files(root: Path) -> list[Path]:
    """The TypeScript files of the web app; its tests lie beside them."""
    return sorted(path for path in (root / WEB).rglob("*.ts*") if path.suffix in (".ts", ".tsx"))


def dotted(file: str) -> str:
    """The module that a file is: `gateway/ws/__init__.py` is `gateway.ws`."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def python_imports(root: Path, packages: Iterable[str] = OURS) -> list[Import]:
    """Every import of one of our files by another.

    Raises:
        LookupError: something of ours is imported that is not there.
    """
    files = [path.relative_to(root).as_posix() for path in python_files(root, packages)]
    modules = {dotted(file): file for file in files}
    ours = {file.partition("/")[0] for file in files}
    found = set()
    for file in files:
        for line, name in _python_names(file, ast.parse((root / file).read_text(encoding="utf-8"))):
            if name.partition(".")[0] not in ours:
                continue
            # What is imported from a module may be a module itself, or a name in it.
            target = modules.get(name) or modules.get(name.rpartition(".")[0])
            if target is None:
                raise LookupError(f"{file}:{line} imports {name}, which is not there")
            if target != file:
                found.add(Import(file, line, name, target))
    return sorted(found)


def _python_names(file: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                package = dotted(file).split(".")[: -level or None] if level else []
                origin = ".".join([*package, *filter(None, [module])])
                yield from ((node.lineno, f"{origin}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *_]
            ):
                if called in ("import_module", "__import__"):
                    yield node.lineno, name


def web_imports(root: Path) -> list[Import]:
    """Every import of one of the web app's TypeScript files by another, for types too."""
    files = {path.relative_to(root).as_posix() for path in web_files(root)}
    found = set()
    for file in files:
        text = _COMMENTS.sub(lambda comment: "\n" * comment[0].count("\n"), (root / file).read_text(encoding="utf-8"))
        for statement in _WEB_IMPORT.finditer(text):
            name = statement[1] or statement[2] or statement[3]
            place = (root / file).parent.joinpath(name).resolve()
            candidates = (f"{place}{ending}" for ending in _WEB_ENDINGS)
            targets = [Path(each).relative_to(root.resolve()).as_posix() for each in candidates if name[0] == "."]
            target = next((each for each in targets if each in files), None)
            if target is not None and target != file:
                found.add(Import(file, text.count("\n", 0, statement.end()) + 1, name, target))
    return sorted(found)


def circles(imports: Iterable[Import]) -> list[list[Import]]:
    """The imports among files that reach each other, a list a circle (Tarjan's strongly connected components)."""
    edges: dict[str, list[Import]] = {}
    for each in sorted(imports):
        edges.setdefault(each.file, []).append(each)
    low: dict[str, int] = {}
    stack: list[str] = []
    circle_of: dict[str, int] = {}

    def visit(file: str) -> None:
        number = low[file] = len(low)
        stack.append(file)
        for each in edges.get(file, []):
            if each.target not in low:
                visit(each.target)
            if each.target not in circle_of:
                low[file] = min(low[file], low[each.target])
        if low[file] == number:
            while file not in circle_of:
                circle_of[stack.pop()] = number

    for file in edges:
        if file not in low:
            visit(file)
    found: dict[int, list[Import]] = {}
    for each in (each for file in edges for each in edges[file]):
        if circle_of[each.file] == circle_of[each.target]:
            found.setdefault(circle_of[each.file], []).append(each)
    return sorted(found.values())
