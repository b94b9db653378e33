"""Postgres takes no connection: requests are refused as unavailable, it is told once, and it mends itself."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from cli.embedded.postgres import EmbeddedPostgres
from persistence.postgres import pool
from tests.fixtures.waiting import eventually
from tests.rest.conftest import API, LogIn, code_of
from tests.rest.test_rooms import join

FULL: dict[str, tuple[str, str]] = {
    "the database's limit": ("ALTER DATABASE {} CONNECTION LIMIT 0", "ALTER DATABASE {} CONNECTION LIMIT -1"),
    "the login's limit": ("ALTER ROLE ct_gateway CONNECTION LIMIT 0", "ALTER ROLE ct_gateway CONNECTION LIMIT -1"),
    "no new ones": ("ALTER DATABASE {} ALLOW_CONNECTIONS false", "ALTER DATABASE {} ALLOW_CONNECTIONS true"),
}

CUT = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}' AND usename = 'ct_gateway'"


@pytest.fixture
def on_postgres(postgres_server: EmbeddedPostgres, database_name: str) -> Callable[[str], None]:
    """Run a statement beside the database, as nobody may enter it."""

    def run(statement: str) -> None:
        with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
            connection.execute(statement.format(database_name).encode())

    return run


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


@pytest.mark.parametrize("how", FULL)
async def test_requests_are_refused_until_it_takes_connections_again(
    client: httpx.AsyncClient,
    log_in: LogIn,
    on_postgres: Callable[[str], None],
    logs: list[Any],
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_CHECKOUT_TIMEOUT_S", 0.1)
    monkeypatch.setattr(pool, "_CHECKOUT_WHILE_AWAY_S", 0.05)
    player = await log_in()
    logs.clear()
    begin, end = FULL[how]
    on_postgres(begin)
    try:
        on_postgres(CUT)
        for number in range(4):
            for answer in (
                await join(client, player, f"full-{number}"),
                await client.get(f"{API}/notices", headers=player.headers),
                await client.get("/readyz"),
            ):
                assert code_of(answer) == (503, "temporarily_unavailable")
                assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/healthz")).status_code == 200
        told = [line for line in logs if line["log_level"] in ("warning", "error", "critical")]
        assert [line["event"] for line in told] == ["postgres takes no connection"]
        assert "FATAL" in told[0]["reason"]
    finally:
        on_postgres(end)

    async def is_ready() -> bool:
        return (await client.get("/readyz")).status_code == 200

    await eventually("it is ready", is_ready)
    assert (await join(client, player, "after")).status_code == 200
    assert [line["event"] for line in logs if "connection" in line["event"]][1:] == ["postgres takes connections again"]
