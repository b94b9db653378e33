"""`chance-tap bonus`: what waits, who decided, and exit codes."""

import asyncio
import json

import pytest

from chance_tap.settings import Settings
from cli.main import main
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from tests.bonus.conftest import REWARD, World


async def _held(settings: Settings) -> tuple[int, int]:
    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    db = await Database.open(settings.database_url, name="test")
    world = World(settings, live, db).with_settings(bonus_approval_stars=0)
    user_id = await world.started()
    await world.tap(user_id, 40, 1)
    await world.worker.round()
    run_id = (await world.stored(user_id)).run_id
    await live.close()
    await db.close()
    return user_id, run_id


@pytest.fixture
def cli(quick: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", quick.database_url)
    monkeypatch.setenv("REDIS_URL", quick.redis_url)
    monkeypatch.setenv("DATA_DIR", str(quick.data_dir))


def test_list_and_approve(quick: Settings, cli: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bonus", "list", "--held"]) == 0
    assert capsys.readouterr().out == "no rewards wait\n"
    user_id, run_id = asyncio.run(_held(quick))
    assert main(["bonus", "list", "--held", "--json"]) == 0
    [run] = json.loads(capsys.readouterr().out)["runs"]
    assert (run["run_id"], run["user_id"], run["state"], run["held"], run["reward"]) == (
        *(run_id, user_id, "done", "approval", REWARD),
    )
    assert main(["bonus", "list"]) == 0
    assert f"user {user_id}" in capsys.readouterr().out
    for _ in range(2):
        assert main(["bonus", "approve", str(run_id), "--by", "Olga"]) == 0
        assert "rewarded" in (said := capsys.readouterr().out)
        assert "approved by postgres (Olga)" in said
    assert main(["bonus", "refuse", str(run_id)]) == 1
    assert capsys.readouterr().err == f"chance-tap bonus: run {run_id}: its reward does not wait for an operator.\n"


def test_refuse(quick: Settings, cli: None, capsys: pytest.CaptureFixture[str]) -> None:
    _, run_id = asyncio.run(_held(quick))
    assert main(["bonus", "refuse", str(run_id), "--by", "Olga", "--json"]) == 0
    decided = json.loads(capsys.readouterr().out)
    assert (decided["status"], decided["run"]["state"], decided["run"]["reviewed_by"]) == (
        "ok",
        "cancelled",
        "postgres (Olga)",
    )
    assert main(["bonus", "approve", "999", "--json"]) == 1
    out = capsys.readouterr()
    assert json.loads(out.out) == {"status": "not_found", "run": None}
    assert "there is no such run" in out.err
