"""What pages and comments refer to is there: links and their anchors, files that are named, commands in the tables."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
TEXTS: Final = {
    ".py",
    ".lua",
    ".sql",
    ".md",
    ".ts",
    ".tsx",
    ".css",
    ".html",
    ".js",
    ".mjs",
    ".toml",
    ".yml",
    ".yaml",
    ".c",
}
# What a build or a run makes: named, and not in the repository.
MADE: Final = ("webapp/dist/", "webapp/private/", "build/", "node_modules/", ".venv/", ".chance-tap/")

_LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_CODE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_NAMED_PATH: Final = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.[a-z]+)`")
_NAMED_PAGE: Final = re.compile(r"(?<![\w/.:\"-])((?:\.\.?/)*(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.md)\b")

_IN_DATABASE: Final = re.compile(r"`((?:auth|ledger|game|pay|bot)\.[a-z_]+)\b(?!/|\.)")


@cache
def _files() -> list[Path]:
    """What git knows, or would take up."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


PAGES: Final = [path for path in _files() if path.suffix == ".md"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = _HEADING.findall(_CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue  # another host's
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in _anchors(found)):
            dead.append(target)
    assert not dead, "lead nowhere: " + ", ".join(dead)


def _is_there(named: str, by: Path) -> bool:
    """From the root, from the file that names it, or inside the web app."""
    if named.startswith(MADE):
        return True
    folders = [ROOT, ROOT / "docs", by.parent]
    if "webapp" in by.parts:
        folders += [ROOT / "webapp", ROOT / "webapp" / "src"]
    return any((folder / named).exists() for folder in folders)


def _named(path: Path) -> Iterator[str]:
    text = path.read_text()
    yield from _NAMED_PATH.findall(text)
    yield from _NAMED_PAGE.findall(text)


def test_files_that_are_named_exist() -> None:
    missing = {
        f"{_name(path)}: {named}"
        for path in _files()
        if path.suffix in TEXTS and path != Path(__file__)
        for named in _named(path)
        if not _is_there(named, path)
    }
    assert not missing, "not in the repository:\n" + "\n".join(sorted(missing))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_names_of_the_database_exist(page: Path) -> None:
    sql = "\n".join(path.read_text() for path in (ROOT / "migrations").rglob("*.sql"))
    missing = [name for name in _IN_DATABASE.findall(page.read_text()) if not re.search(rf"{re.escape(name)}\b", sql)]
    assert not missing, "not in the database: " + ", ".join(missing)


def test_the_table_of_commands_has_each_script() -> None:
    scripts = {path.stem.rpartition("-")[0] for path in (ROOT / "lua" / "scripts").glob("*.lua")}
    table = (ROOT / "lua" / "README.md").read_text().partition("\n## Commands\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == scripts


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    numbers = sorted(path.name[:4] for path in folder.glob("0*.md"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    assert [path.name for path in folder.glob("0*.md") if f"]({path.name})" not in index] == []
