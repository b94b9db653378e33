"""/bonus and the profile's running bonus, over the whole application and against the OpenAPI document."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.postgres.pool import Database
from tests.bonus.conftest import World
from tests.rest.conftest import API, LogIn, Player, code_of

BONUS = f"{API}/bonus"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, bonus_goal=40, bonus_s=3600)


@pytest_asyncio.fixture
async def player(log_in: LogIn) -> Player:
    return await log_in()


@pytest_asyncio.fixture
async def behind(app: Starlette, db: Database) -> AsyncIterator[World]:
    """The same stores, to tap in and to make the worker's rounds."""
    services = app.state.services
    yield World(services.settings, services.live, db)


async def test_look_start_look_cancel(client: httpx.AsyncClient, player: Player, behind: World) -> None:
    assert (await client.get(BONUS, headers=player.headers)).json() == {"bonus": None}
    assert code_of(await client.delete(BONUS, headers=player.headers)) == (404, "not_found")
    started = (await client.post(BONUS, headers=player.headers)).json()["bonus"]
    assert started["ends_ms"] - started["started_ms"] == 3600 * 1000
    assert {**started, "started_ms": 0, "ends_ms": 0} == {
        "taps": 0,
        "goal": 40,
        "started_ms": 0,
        "ends_ms": 0,
        "state": "running",
        "seq": 0,
        "reason": None,
        "reward": 7700,
        "held": False,
    }
    await behind.tap(int(player.user_id), 20, 3)
    live = {**started, "taps": 20, "seq": 3}
    assert (await client.get(BONUS, headers=player.headers)).json() == {"bonus": live}
    assert (await client.post(BONUS, headers=player.headers)).json() == {"bonus": live}
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["bonus"] == live

    cancelled = {**live, "state": "cancelled", "reason": "player"}
    for _ in range(2):
        assert (await client.delete(BONUS, headers=player.headers)).json() == {"bonus": cancelled}
    assert (await client.get(BONUS, headers=player.headers)).json() == {"bonus": cancelled}
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["bonus"] is None


async def test_a_login_shows_the_running_bonus(client: httpx.AsyncClient, player: Player, log_in: LogIn) -> None:
    started = (await client.post(BONUS, headers=player.headers)).json()["bonus"]
    session = (await client.post(f"{API}/auth/refresh", headers=player.headers)).json()
    assert session["user"]["bonus"] == started


async def test_started_from_many_sides_at_once(client: httpx.AsyncClient, player: Player) -> None:
    answers = await asyncio.gather(*(client.post(BONUS, headers=player.headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_a_finished_run_is_neither_cancelled_nor_started_again(
    client: httpx.AsyncClient, player: Player, behind: World
) -> None:
    await client.post(BONUS, headers=player.headers)
    await behind.tap(int(player.user_id), 40, 1)
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["bonus"]["state"] == "done"
    assert code_of(await client.delete(BONUS, headers=player.headers)) == (409, "conflict")
    await behind.worker.round()
    assert (await client.get(BONUS, headers=player.headers)).json()["bonus"]["state"] == "rewarded"
    me = (await client.get(f"{API}/me", headers=player.headers)).json()
    assert (me["bonus"], me["balance"]) == (None, 1000 + 7700)
    [line, _] = (await client.get(f"{API}/statement", headers=player.headers)).json()["entries"]
    assert (line["kind"], line["amount"], line["balance_after"]) == ("bonus", 7700, 8700)
    for method in ("POST", "DELETE"):
        assert code_of(await client.request(method, BONUS, headers=player.headers)) == (409, "conflict")


async def test_a_held_reward_is_shown_as_done(client: httpx.AsyncClient, player: Player, behind: World) -> None:
    strict = behind.with_settings(bonus_approval_stars=0)
    await client.post(BONUS, headers=player.headers)
    await strict.tap(int(player.user_id), 40, 1)
    await strict.worker.round()
    bonus = (await client.get(f"{API}/me", headers=player.headers)).json()["bonus"]
    assert (bonus["state"], bonus["held"], bonus["reward"]) == ("done", True, 7700)


async def test_who_is_banned_or_names_another_is_refused(
    client: httpx.AsyncClient, player: Player, execute: Callable[..., list[tuple[Any, ...]]]
) -> None:
    body = {"user_id": "999"}
    assert code_of(await client.post(BONUS, json=body, headers=player.headers)) == (403, "forbidden")
    assert code_of(await client.get(f"{BONUS}?user_id=999", headers=player.headers)) == (403, "forbidden")
    execute("UPDATE auth.users SET banned_at = now()")
    assert code_of(await client.post(BONUS, headers=player.headers)) == (403, "banned")


async def test_without_a_token(client: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert code_of(await client.request(method, BONUS)) == (401, "unauthorized")


async def test_a_hundred_runs_a_day_are_enough(
    client: httpx.AsyncClient, player: Player, execute: Callable[..., list[tuple[Any, ...]]]
) -> None:
    execute(
        "INSERT INTO game.bonus_runs (user_id, goal, reward, started_at, ends_at, state, over_at)"
        " SELECT %s, 1, 1, now(), now() + interval '1 s', 'cancelled', now() FROM generate_series(1, 100)",
        int(player.user_id),
    )
    assert code_of(await client.post(BONUS, headers=player.headers)) == (429, "rate_limited")


class TestOff:
    """As in production until the operator sets a budget."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, bonus_budget_stars=0)

    async def test_nothing_starts(self, client: httpx.AsyncClient, player: Player) -> None:
        assert code_of(await client.post(BONUS, headers=player.headers)) == (403, "forbidden")
        assert (await client.get(BONUS, headers=player.headers)).json() == {"bonus": None}
        assert code_of(await client.delete(BONUS, headers=player.headers)) == (404, "not_found")
