"""A running application on real stores, and a client that holds every answer against the OpenAPI document."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import argon2
import httpx
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.app import ENDPOINTS, build_app
from gateway.auth.init_data import InitDataCheck
from gateway.rate_limits import LastingRates, Rate
from gateway.rest.openapi import document
from tests.fixtures.postgres import Execute, login_url

API = "/api/v1"
DOCUMENT = document(ENDPOINTS)


@dataclass(frozen=True)
class Player:
    """Somebody who is logged in."""

    user_id: str
    telegram_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


LogIn = Callable[..., Awaitable[Player]]


def init_data(settings: Settings, telegram_id: int = 7, *, age_s: float = 0, **user: Any) -> str:
    """Genuine init data of the settings' bot."""
    fields = {
        "user": json.dumps({"id": telegram_id, "first_name": f"Player {telegram_id}", **user}),
        "auth_date": str(int(time.time() - age_s)),
    }
    return InitDataCheck(settings.bot_token, settings.init_data_max_age_s).sign(fields)


def as_gateway(settings: Settings) -> Settings:
    """The settings as a gateway has them: with its own login in Postgres."""
    return replace(settings, database_url=login_url(settings.database_url, "gateway"))


@pytest_asyncio.fixture
async def app(settings: Settings) -> AsyncIterator[Starlette]:
    application = build_app(as_gateway(settings))
    async with application.router.lifespan_context(application):
        yield application


@pytest_asyncio.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        opened.event_hooks["response"].append(hold_against_the_document)
        yield opened


@pytest.fixture
def log_in(client: httpx.AsyncClient, settings: Settings) -> LogIn:
    async def log_in(telegram_id: int = 7, **user: Any) -> Player:
        body = {"init_data": init_data(settings, telegram_id, **user)}
        answer = await client.post(f"{API}/auth/telegram", json=body)
        assert answer.status_code == 200, answer.text
        session = answer.json()
        return Player(session["user"]["user_id"], session["user"]["telegram_id"], session["token"])

    return log_in


@pytest_asyncio.fixture
async def unlimited(app: Starlette, log_in: LogIn) -> Player:
    """Somebody who may send as much as a test wants to."""
    app.state.services.rates.user = Rate(per_s=1e6, burst=1_000_000)
    return await log_in()


def lift_limits(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    """One player may send thousands, and passwords cost next to nothing."""
    services = app.state.services
    for name in vars(services.rates):
        setattr(services.rates, name, Rate(per_s=1e6, burst=1_000_000))
    monkeypatch.setattr(LastingRates, "check", lambda *_: None)
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    services.passwords._hasher, services.passwords._dummy = hasher, hasher.hash("nobody's")


@pytest.fixture
def racers(execute: Execute, settings: Settings) -> list[int]:
    """A thousand accounts, made without a thousand logins."""
    rows = execute(
        "SELECT l.o_user_id FROM generate_series(1, 1000) AS n,"
        " auth.log_in_telegram(n::bigint, 'Racer', NULL, NULL, NULL, NULL, true, %s) AS l",
        settings.demo_stars,
    )
    return [row[0] for row in rows]


async def hold_against_the_document(response: httpx.Response) -> None:
    """Every answer of the API must be one that the OpenAPI document allows."""
    await response.aread()
    operation = operation_of(response.request.method, response.request.url.path)
    if operation is None:
        return
    allowed = operation["responses"].get(str(response.status_code))
    assert allowed is not None, f"{response.status_code} is not documented: {response.text}"
    schema = {**allowed["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(response.json())


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The document's operation for a request, if there is one."""
    for template, operations in DOCUMENT["paths"].items():
        parts, wanted = path.split("/"), template.split("/")
        if len(parts) == len(wanted) and all(w.startswith("{") or w == p for p, w in zip(parts, wanted, strict=True)):
            operation: dict[str, Any] | None = operations.get(method.lower())
            return operation
    return None


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["code"]
