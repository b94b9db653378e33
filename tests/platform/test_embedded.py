"""The embedded servers keep their data and their address over restarts and kills, and protect it."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey


def test_postgres_keeps_data_over_restart_and_kill(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "with a space", durable=False)
    server.start()
    try:
        with psycopg.connect(server.admin_url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        server.restart()
        server.kill()
        server.start()
        with psycopg.connect(server.admin_url()) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url("postgres", "postgres", "wrong"))
    finally:
        server.stop()
    assert not server.running()


def test_valkey_keeps_data_over_restart_and_kill(make_valkey: Callable[..., EmbeddedValkey]) -> None:
    server = make_valkey(password="secret")
    client = redis.Redis.from_url(server.url)
    client.set("kept", 1)
    server.restart()
    assert client.get("kept") == b"1"
    server.kill()
    server.start()
    assert client.get("kept") == b"1"
    policy = client.config_get("maxmemory-policy")
    assert policy == {"maxmemory-policy": "noeviction"}
    client.close()
    with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_valkey_cluster_answers_for_every_slot(
    make_valkey_cluster: Callable[[int], list[EmbeddedValkey]],
) -> None:
    servers = make_valkey_cluster(3)
    with redis.RedisCluster.from_url(servers[0].url) as cluster:
        for n in range(20):
            cluster.set(f"key-{n}", n)
        assert [cluster.get(f"key-{n}") for n in range(20)] == [str(n).encode() for n in range(20)]
