"""Starting on what will not do: one line that says what to change, and no worker whose queue lies on a cluster."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import main
from cli.embedded.valkey import EmbeddedValkey
from tests.fixtures.cluster import Cluster
from tests.fixtures.stores import JWT_SECRET

# As `python -m cli`, with less patience.
HASTY = """
import sys
from cli.main import main
from persistence import waiting
waiting.PATIENCE_S = 0.2
sys.exit(main())
"""
NOWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Callable[..., str]:
    """`start("worker", REDIS_URL=…)`: what a part says on stderr that ends with exit code 2."""

    def run(part: str, **environment: str) -> str:
        base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "JWT_SECRET": JWT_SECRET}
        base |= {"DATA_DIR": str(tmp_path), "DATABASE_URL": database_url}
        ended = subprocess.run(
            [sys.executable, "-P", "-c", HASTY, part],
            env=base | environment,
            capture_output=True,
            timeout=60,
            text=True,
        )
        assert ended.returncode == 2, ended
        assert "Traceback" not in ended.stdout + ended.stderr
        assert ended.stderr.count("\n") == 1
        return ended.stderr

    return run


@pytest.mark.parametrize("part", ["gateway", "worker"])
def test_a_store_that_is_away(start: Callable[..., str], part: str, redis_url: str) -> None:
    away = NOWHERE["DATABASE_URL"]
    assert start(part, REDIS_URL=redis_url, DATABASE_URL=away) == f"chance-tap {part}: postgres does not answer.\n"
    assert start(part, REDIS_URL=NOWHERE["REDIS_URL"]) == f"chance-tap {part}: redis does not answer.\n"


def test_a_worker_whose_queue_is_away(start: Callable[..., str], redis_url: str) -> None:
    said = start("worker", REDIS_URL=redis_url, QUEUE_REDIS_URL=NOWHERE["REDIS_URL"])
    assert said == "chance-tap worker: the queue's redis does not answer.\n"


def test_a_server_that_may_evict_games(start: Callable[..., str], make_valkey: Callable[..., EmbeddedValkey]) -> None:
    import redis

    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    assert "set maxmemory-policy noeviction" in start("gateway", REDIS_URL=server.url)


def test_a_queue_on_a_cluster_is_refused(
    start: Callable[..., str], valkey_cluster: Cluster, valkey: EmbeddedValkey
) -> None:
    what_to_do = "the worker's queue needs a standalone server; set QUEUE_REDIS_URL to one.\n"
    said = start("worker", REDIS_URL=valkey_cluster.url)
    assert said == f"chance-tap worker: QUEUE_REDIS_URL is not set and REDIS_URL is a cluster: {what_to_do}"
    for url in (valkey_cluster.url, valkey.url):
        said = start("worker", REDIS_URL=url, QUEUE_REDIS_URL=valkey_cluster.url)
        assert said == f"chance-tap worker: QUEUE_REDIS_URL is a cluster: {what_to_do}"


def test_the_doctor_says_the_same(
    valkey_cluster: Cluster,
    valkey: EmbeddedValkey,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", valkey_cluster.url)
    assert main.main(["doctor"]) == 1
    assert re.search(
        r"TO DO queue: on a cluster - .*set QUEUE_REDIS_URL to one\.$", capsys.readouterr().out, re.MULTILINE
    )
    monkeypatch.setenv("QUEUE_REDIS_URL", valkey.url)
    main.main(["doctor"])
    assert re.search(r"^ok +queue: on a standalone server$", capsys.readouterr().out, re.MULTILINE)
