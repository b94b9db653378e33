"""The figures of a small house whose faults are known."""

from pathlib import Path

import pytest

from tests.architecture.figures import figures, main

FILES = {
    "cli/main.py": "from gateway.app import run\n",
    "gateway/app.py": "from persistence.rooms.seats import join\nfrom gateway.hub import Hub\n",
    "gateway/hub.py": "if TYPE_CHECKING:\n    from gateway.app import App\n",
    "persistence/errors.py": "",
    "persistence/rooms/seats.py": "from persistence.redis import keys\nfrom persistence.errors import Refusal\n",
    "persistence/redis/keys.py": "from persistence.errors import Refusal\nfrom persistence.rooms import seats\n",
    "tests/test_long.py": "def long():\n" + "    x = 1\n" * 50 + "\n" * 400,
    "webapp/src/a.ts": 'import type { B } from "./b";\n',
    "webapp/src/b.tsx": 'export { a } from "./a";\n',
    "webapp/src/a.test.ts": 'import { a } from "./a";\n',
}


def test_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = {
        "imports that do not go down": "1",
        "circles (files in them)": "2 (4)",
        "persistence: arrows between rooms": "4 between 3",
        "product: lines in files": "9 in 6",
        "product: median file, files over 400 lines": "2, 0",
        "product: functions over 50 lines": "0",
        "tests: lines in files": "451 in 1",
        "tests: median file, files over 400 lines": "451, 1",
        "tests: functions over 50 lines": "1",
        "web: circles (files in them)": "1 (2)",
        "web: lines in files": "2 in 2",
        "web: median file, files over 400 lines": "1, 0",
    }
    assert figures(tmp_path) == expected
    main([str(tmp_path), str(tmp_path)])
    assert len(capsys.readouterr().out.splitlines()) == len(expected)
