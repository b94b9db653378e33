"""A port where nobody listens, databases that no migration has seen, and the migrations to be changed."""

import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from chance_tap.resources import MIGRATIONS
from cli.embedded.postgres import EmbeddedPostgres


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def make_database(
    postgres_server: EmbeddedPostgres,
    template_database: str,
) -> Iterator[Callable[[], str]]:
    """Makes databases that no migration has seen, on a server that has the roles; their URLs."""
    made: list[str] = []
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:

        def make() -> str:
            made.append(f"t_{secrets.token_hex(6)}")
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(made[-1])))
            return postgres_server.admin_url(made[-1])

        yield make
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(make_database: Callable[[], str]) -> str:
    """The URL of a database that no migration has seen."""
    return make_database()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The present files, to be changed."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
