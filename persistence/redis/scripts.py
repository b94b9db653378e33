"""Loads the Lua commands: `lua/scripts/<name>-<number of keys>.lua`, with `-- @include <name>` fragments put in.

Never builds Lua from anything but those files.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from chance_tap.resources import LUA

_INCLUDE = re.compile(r"^ *-- @include (\w+)\n", re.MULTILINE)
_NAME = re.compile(r"(\w+)-(\d)")


@dataclass(frozen=True, slots=True)
class Script:
    """One command, ready for EVALSHA."""

    name: str
    keys: int
    body: str
    sha: bytes


class ScriptSet:
    """Every command by name.  `folder` and `includes` are arguments so that a test can put another clock in."""

    def __init__(self, folder: Path = LUA, includes: dict[str, str] | None = None) -> None:
        self._fragments = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "includes").glob("*.lua")}
        self._fragments.update(includes or {})
        self._scripts: dict[str, Script] = {}
        for path in sorted((folder / "scripts").glob("*.lua")):
            match = _NAME.fullmatch(path.stem)
            if match is None:
                raise ValueError(f"{path.name}: a script is called <name>-<number of keys>.lua")
            body = self._expand(path.read_text(encoding="utf-8"), set())
            sha = hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest().encode()
            self._scripts[match[1]] = Script(match[1], int(match[2]), body, sha)

    def __getitem__(self, name: str) -> Script:
        return self._scripts[name]

    def all(self) -> list[Script]:
        return list(self._scripts.values())

    def _expand(self, text: str, done: set[str]) -> str:
        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name in done:
                return ""
            done.add(name)
            return self._expand(self._fragments[name], done)

        return _INCLUDE.sub(put, text)
