"""/dev: demo players in development with the development token, nothing anywhere else."""

import dataclasses

import httpx
import pytest

from chance_tap.settings import Settings
from gateway.app import build_app
from gateway.routes.development import is_offered
from tests.rest.conftest import API, code_of


async def test_a_demo_player_logs_in_like_everyone(client: httpx.AsyncClient) -> None:
    players = (await client.get("/dev/players")).json()["players"]
    first = players[0]
    names = []
    for _ in range(2):
        signed = (await client.post("/dev/init-data", json=first)).json()
        session = (await client.post(f"{API}/auth/telegram", json=signed)).json()
        assert session["user"]["telegram_id"] == str(first["telegram_id"])
        names.append(session["user"]["name"])
    assert names == ["Anna Orlova"] * 2


async def test_a_new_demo_player_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    signed = [(await client.post("/dev/init-data", json={"first_name": "Z"})).json() for _ in range(2)]
    users = [(await client.post(f"{API}/auth/telegram", json=body)).json()["user"] for body in signed]
    assert users[0]["user_id"] != users[1]["user_id"]


async def test_bad_demo_players(client: httpx.AsyncClient) -> None:
    for body in (
        {"telegram_id": 0},
        {"telegram_id": "7"},
        {"telegram_id": 2**60},
        {"first_name": ""},
        {"first_name": 7},
    ):
        assert code_of(await client.post("/dev/init-data", json=body)) == (400, "invalid_request")


@pytest.mark.parametrize("changed", [{"env": "production"}, {"bot_token": "123456:" + "x" * 35}])
async def test_nothing_is_there_otherwise(settings: Settings, changed: dict[str, str]) -> None:
    elsewhere = dataclasses.replace(settings, **changed)  # type: ignore[arg-type]
    assert not is_offered(elsewhere)
    paths = [getattr(route, "path", "") for route in build_app(elsewhere).routes]
    assert not [path for path in paths if path.startswith("/dev")]
