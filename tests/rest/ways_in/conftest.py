"""A gateway that sends mail, and what is mailed."""

from dataclasses import replace
from typing import Any

import argon2
import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.postgres.pool import Database
from tests.fixtures.postgres import Execute
from tests.rest.ways_in.mailbox import Linked, Mailbox, link_telegram, sign_up, use


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without demonstration Stars, which are a history."""
    return replace(settings, smtp_url="folder:/nowhere", public_url="https://play.example", demo_stars=0)


@pytest.fixture(autouse=True)
def cheap(app: Starlette) -> argon2.PasswordHasher:
    """Hashes that cost next to nothing; what they must cost has a test of its own."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    use(app, hasher)
    return hasher


@pytest.fixture
def mailbox(app: Starlette, db: Database) -> Mailbox:
    return Mailbox(app, db)


@pytest.fixture
def linked(client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, execute: Execute) -> Linked:
    """An account by e-mail that got Telegram more than 72 hours ago; its session."""

    async def linked() -> dict[str, Any]:
        session = await sign_up(client, mailbox)
        answer: dict[str, Any] = (await link_telegram(client, settings, session["token"])).json()["session"]
        execute("UPDATE auth.users SET telegram_since = telegram_since - interval '73 hours'")
        execute("UPDATE auth.email_logins SET since = since - interval '74 hours'")
        return answer

    return linked
