"""The rules of the house that a reader relies on: who may import whom, and who may build keys."""

from pathlib import Path

import pytest

from tests.architecture.floors import FLOORS, forbidden, room_of
from tests.architecture.imports import OURS, PRODUCT, circles, python_files, python_imports, web_imports

ROOT = Path(__file__).parents[2]


def _plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _circles(root: Path) -> list[str]:
    return ["; ".join(map(str, circle)) for circle in circles(python_imports(root))]


def test_every_package_has_a_floor() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(OURS) == {room for floor in FLOORS for room in floor if "." not in room}


def test_imports_go_down() -> None:
    assert forbidden(python_imports(ROOT)) == []


def test_no_two_files_import_each_other() -> None:
    assert _circles(ROOT) == []


@pytest.mark.parametrize(
    ("file", "text", "imported", "above"),
    [
        ("persistence/rooms/seats.py", "from gateway import app\n", "gateway.app", "gateway"),
        ("bot/texts.py", "def f():\n    import workers.main\n", "workers.main", "workers"),
        ("gateway/app.py", "from workers.main import run\n", "workers.main.run", "workers"),
        ("workers/main.py", "if TYPE_CHECKING:\n    from cli.main import main\n", "cli.main.main", "cli"),
        ("persistence/ton/highload.py", "from persistence.postgres import pool\n", "persistence.postgres.pool", None),
        (
            "persistence/redis/keys.py",
            "from persistence.rooms.seats import join\n",
            "persistence.rooms.seats.join",
            None,
        ),
        ("cli/main.py", "from tests import stand_ins\n", "tests.stand_ins", "tests"),
        ("bot/texts.py", "importlib.import_module('gateway.app')\n", "gateway.app", "gateway"),
        ("bot/texts.py", "from ..gateway import app\n", "gateway.app", "gateway"),
        *(
            ("chance_tap/settings.py", f"def f():\n    from {module} import f\n", f"{module}.f", None)
            for module in ("cli.main", "gateway.app", "workers.main", "bot.texts", "persistence.errors", "tests.made")
        ),
    ],
)
def test_an_upward_import_is_found(tmp_path: Path, file: str, text: str, imported: str, above: str | None) -> None:
    empty = (
        "cli/main.py",
        "gateway/app.py",
        "workers/main.py",
        "bot/texts.py",
        "persistence/errors.py",
        "persistence/postgres/pool.py",
        "persistence/rooms/seats.py",
        "chance_tap/settings.py",
        "tests/made.py",
        "tests/stand_ins.py",
    )
    root = _plant(tmp_path, dict.fromkeys(empty, "") | {file: text})
    [message] = forbidden(python_imports(root))
    assert message.startswith(f"{file}:{text.count(chr(10))} imports {imported}: {above or ''}")


def test_what_lies_below_may_be_imported(tmp_path: Path) -> None:
    root = _plant(
        tmp_path,
        {
            "gateway/app.py": "from gateway import hub\nfrom persistence.redis import keys\nimport chance_tap.log\n",
            "gateway/hub.py": "import asyncio\nimport redis\n",
            "persistence/redis/keys.py": "from persistence.errors import GameError\n",
            "persistence/errors.py": "",
            "chance_tap/log.py": "",
        },
    )
    assert forbidden(python_imports(root)) == []
    assert _circles(root) == []


def test_a_circle_is_found_for_types_too(tmp_path: Path) -> None:
    root = _plant(
        tmp_path,
        {
            "gateway/hub.py": "from gateway.client import Client\n",
            "gateway/client.py": "from gateway.room import Room\n",
            "gateway/room.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gateway.hub import Hub\n",
            "gateway/app.py": "from gateway.hub import Hub\n",
        },
    )
    assert _circles(root) == [
        "gateway/client.py:1 imports gateway.room.Room; gateway/hub.py:1 imports gateway.client.Client; "
        "gateway/room.py:3 imports gateway.hub.Hub"
    ]


def test_what_is_not_there_cannot_be_imported(tmp_path: Path) -> None:
    root = _plant(tmp_path, {"gateway/app.py": "from gateway.gone import f\n"})
    with pytest.raises(LookupError, match=r"gateway/app\.py:1 imports gateway\.gone\.f"):
        python_imports(root)


def test_a_package_without_a_floor_is_refused() -> None:
    assert room_of("persistence.redis.keys") == "persistence.redis"
    with pytest.raises(LookupError, match="analytics"):
        room_of("analytics.main")


def test_imports_of_the_web_app_are_read(tmp_path: Path) -> None:
    root = _plant(
        tmp_path,
        {
            "webapp/src/a.ts": (
                '// import { no } from "./no";\nimport {\n  b,\n  type B,\n} from "./room/b";\nimport "./style.css";\n'
                'import { x } from "react";\nexport const said = "./no";\n'
            ),
            "webapp/src/room/b.tsx": 'export type { A } from "../a";\nconst late = () => import("./c");\n',
            "webapp/src/room/c.ts": "export const c = 1;\n",
            "webapp/src/no.ts": "",
        },
    )
    assert [str(each) for each in web_imports(root)] == [
        "webapp/src/a.ts:5 imports ./room/b",
        "webapp/src/room/b.tsx:1 imports ../a",
        "webapp/src/room/b.tsx:2 imports ./c",
    ]
    assert [[each.file for each in circle] for circle in circles(web_imports(root))] == [
        ["webapp/src/a.ts", "webapp/src/room/b.tsx"]
    ]


def test_only_one_module_builds_keys() -> None:
    keys = ROOT / "persistence" / "redis" / "keys.py"
    assert "ct:{" in keys.read_text()
    product = python_files(ROOT, PRODUCT)
    assert [str(p.relative_to(ROOT)) for p in product if p != keys and "ct:{" in p.read_text()] == []


def test_scripts_read_only_the_servers_clock() -> None:
    scripts = sorted((ROOT / "lua").rglob("*.lua"))
    assert scripts
    assert [p.name for p in scripts if "os.time" in p.read_text() or "os.clock" in p.read_text()] == []
