"""The rules of the house that a reader relies on: who may import whom, and who may build keys."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"cli", "gateway", "workers", "bot", "persistence", "chance_tap", "tests", "benchmarks"}

# What each room may import of ours.
ALLOWED: dict[str, tuple[str, ...]] = {
    "cli": ("cli", "gateway", "workers", "bot", "persistence", "chance_tap"),
    "chance_tap": ("chance_tap",),
    "persistence": ("persistence", "chance_tap"),
    "gateway": ("gateway", "bot", "persistence", "chance_tap"),
    "workers": ("workers", "bot", "persistence", "chance_tap"),
    "bot": ("bot", "persistence", "chance_tap"),
}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            assert node.module is not None
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in found if name.split(".")[0] in OURS}


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_go_one_way(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in _imports(path)
        if not _within(name, ALLOWED[room])
    ]
    assert wrong == []


def test_only_one_module_builds_keys() -> None:
    keys = ROOT / "persistence" / "redis" / "keys.py"
    assert "ct:{" in keys.read_text()
    product = [
        p
        for room in ("cli", "gateway", "workers", "bot", "persistence", "chance_tap")
        for p in (ROOT / room).rglob("*.py")
    ]
    assert [str(p.relative_to(ROOT)) for p in product if p != keys and "ct:{" in p.read_text()] == []


def test_scripts_read_only_the_servers_clock() -> None:
    scripts = sorted((ROOT / "lua").rglob("*.lua"))
    assert scripts
    assert [p.name for p in scripts if "os.time" in p.read_text() or "os.clock" in p.read_text()] == []
