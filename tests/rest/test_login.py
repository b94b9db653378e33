"""POST /auth/telegram and /auth/refresh."""

import asyncio
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.rate_limits import Rate
from persistence.accounts import login_retry
from persistence.accounts.bans import Bans
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Database
from tests.fixtures.postgres import Execute
from tests.fixtures.waiting import eventually
from tests.rest.conftest import API, LogIn, code_of, init_data

LOGIN = f"{API}/auth/telegram"


async def test_first_login_makes_an_account(client: httpx.AsyncClient, settings: Settings, execute: Execute) -> None:
    user: dict[str, Any] = {
        "last_name": "Orlova",
        "username": "anna",
        "language_code": "ru-RU",
        "photo_url": "https://t.me/a.svg",
    }
    answer = await client.post(LOGIN, json={"init_data": init_data(settings, 7, **user)})
    session = answer.json()
    assert session["user"] | {"user_id": ""} == {
        "user_id": "",
        "telegram_id": "7",
        "name": "Player 7 Orlova",
        "username": "anna",
        "photo_url": "https://t.me/a.svg",
        "language": "ru",
        "email": None,
        "role": "user",
        "balance": settings.demo_stars,
        "coins": 0,
        "has_ton_wallet": False,
        "wallet": None,
        "room_id": None,
        "bonus": None,
        "stats": {"games": 0, "wins": 0, "won": 0, "best_rate": 0.0},
    }
    assert answer.headers["cache-control"] == "no-store"
    me = await client.get(f"{API}/me", headers={"authorization": f"Bearer {session['token']}"})
    assert me.json() == session["user"]
    assert execute("SELECT telegram_id, first_name FROM auth.users") == [(7, "Player 7")]


async def test_ten_logins_at_once_make_one_account(client: httpx.AsyncClient, settings: Settings) -> None:
    body = {"init_data": init_data(settings)}
    answers = await asyncio.gather(*(client.post(LOGIN, json=body) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["user"]["user_id"] for answer in answers}) == 1
    assert {answer.json()["user"]["balance"] for answer in answers} == {settings.demo_stars}


async def test_a_replay_is_the_same_player_and_pays_nothing(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings
) -> None:
    first, second = await log_in(7), await log_in(7, first_name="New name", photo_url="https://t.me/b.svg")
    assert first.user_id == second.user_id
    me = (await client.get(f"{API}/me", headers=first.headers)).json()
    assert (me["name"], me["photo_url"], me["balance"]) == ("New name", "https://t.me/b.svg", settings.demo_stars)


@pytest.mark.parametrize(
    ("age_s", "status", "code"),
    [(10**6, 401, "init_data_expired"), (-3600, 401, "init_data_invalid")],
)
async def test_stale_and_future(
    client: httpx.AsyncClient, settings: Settings, age_s: float, status: int, code: str
) -> None:
    answer = await client.post(LOGIN, json={"init_data": init_data(settings, age_s=age_s)})
    assert code_of(answer) == (status, code)


async def test_forged(client: httpx.AsyncClient, settings: Settings, execute: Execute) -> None:
    genuine = init_data(settings, 7)
    for text in (genuine.replace("7", "8", 1), genuine + "&x=1", genuine[:-1], "hash=" + "0" * 64, "%", "é"):
        assert code_of(await client.post(LOGIN, json={"init_data": text})) == (401, "init_data_invalid")
    assert execute("SELECT count(*) FROM public.users") == [(0,)]


async def test_another_telegram_id_beside_it_is_refused(client: httpx.AsyncClient, settings: Settings) -> None:
    body = {"init_data": init_data(settings, 7), "telegram_id": "8"}
    assert code_of(await client.post(LOGIN, json=body)) == (403, "forbidden")
    assert (await client.post(LOGIN, json=body | {"telegram_id": "7"})).status_code == 200


async def test_failed_logins_are_limited_but_hold_nobody_else_back(
    client: httpx.AsyncClient, log_in: LogIn, app: Starlette
) -> None:
    app.state.services.rates.failed_login = Rate(per_s=1, burst=60, clock=lambda: 0.0)
    refused = [await client.post(LOGIN, json={"init_data": "hash=no"}) for _ in range(80)]
    codes = {code_of(answer) for answer in refused}
    assert codes == {(401, "init_data_invalid"), (429, "rate_limited")}
    assert int(refused[-1].headers["retry-after"]) >= 1
    assert (await log_in(9)).telegram_id == "9"


async def test_logins_of_one_player_are_limited(client: httpx.AsyncClient, settings: Settings, app: Starlette) -> None:
    app.state.services.rates.login = Rate(per_s=1, burst=30, clock=lambda: 0.0)
    body = {"init_data": init_data(settings)}
    answers = [await client.post(LOGIN, json=body) for _ in range(45)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert answers[-1].status_code == 429


async def test_refresh(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    answer = await client.post(f"{API}/auth/refresh", headers=player.headers)
    assert answer.json()["user"]["user_id"] == player.user_id
    again = await client.get(f"{API}/me", headers={"authorization": f"Bearer {answer.json()['token']}"})
    assert again.status_code == 200
    by_body = await client.post(f"{API}/auth/refresh", json={"token": answer.json()["token"]})
    assert by_body.json()["user"]["user_id"] == player.user_id
    assert len({player.token, answer.json()["token"], by_body.json()["token"]}) == 3  # a new one each, within a second
    foreign = {"token": player.token, "user_id": "999999"}
    assert code_of(await client.post(f"{API}/auth/refresh", json=foreign)) == (403, "forbidden")
    for token in ("x.y.z", player.token[:-5]):
        assert code_of(await client.post(f"{API}/auth/refresh", json={"token": token})) == (401, "unauthorized")
    assert code_of(await client.post(f"{API}/auth/refresh")) == (401, "unauthorized")


async def test_the_banned_are_told_why(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute, app: Starlette
) -> None:
    player = await log_in()
    execute("UPDATE auth.users SET banned_at = now(), ban_reason = 'two hands too many'")
    app.state.services.accounts.forget(player.user_id)
    for answer in (
        await client.post(LOGIN, json={"init_data": init_data(settings)}),
        await client.get(f"{API}/me", headers=player.headers),
    ):
        assert code_of(answer) == (403, "banned")
        assert answer.json()["details"] == {"reason": "two hands too many"}


async def test_banned_is_refused_everywhere(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute, app: Starlette
) -> None:
    player = await log_in()
    execute("UPDATE auth.users SET banned_at = now()")
    app.state.services.accounts.forget(player.user_id)
    requests = [
        client.post(LOGIN, json={"init_data": init_data(settings)}),
        client.post(f"{API}/auth/refresh", headers=player.headers),
        client.get(f"{API}/me", headers=player.headers),
        client.patch(f"{API}/me", headers=player.headers, json={"language": "ru"}),
        client.get(f"{API}/tiers", headers=player.headers),
        client.get(f"{API}/statement", headers=player.headers),
        client.post(
            f"{API}/rooms/join", headers=player.headers | {"idempotency-key": "k"}, json={"stake": settings.stakes[0]}
        ),
        client.post(f"{API}/rooms", headers=player.headers | {"idempotency-key": "k"}, json={"fee": 50}),
        client.get(f"{API}/rooms/by-key/0123456789", headers=player.headers),
        client.post(
            f"{API}/rooms/join-by-key", headers=player.headers | {"idempotency-key": "k"}, json={"key": "0123456789"}
        ),
        client.get(f"{API}/rooms/00aaaaaaaaaaaaaa", headers=player.headers),
        client.post(f"{API}/rooms/00aaaaaaaaaaaaaa/start", headers=player.headers),
        client.post(f"{API}/rooms/00aaaaaaaaaaaaaa/leave", headers=player.headers),
    ]
    for answer in await asyncio.gather(*requests):
        assert code_of(answer) == (403, "banned"), answer.request.url


async def test_sessions_that_were_ended_are_refused_everywhere(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute, app: Starlette
) -> None:
    old = await log_in()
    execute("UPDATE auth.users SET session_epoch = session_epoch + 1")
    app.state.services.accounts.forget(old.user_id)
    join = {"headers": old.headers | {"idempotency-key": "k"}, "json": {"stake": settings.stakes[0]}}
    for answer in (
        await client.get(f"{API}/me", headers=old.headers),
        await client.post(f"{API}/auth/refresh", headers=old.headers),
        await client.post(f"{API}/rooms/join", **join),  # type: ignore[arg-type]
    ):
        assert code_of(answer) == (401, "unauthorized")
    new = await log_in()
    assert (await client.get(f"{API}/me", headers=new.headers)).status_code == 200


async def test_what_happens_to_an_account_is_heeded_at_once(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, app: Starlette, db: Database
) -> None:
    player = await log_in()
    services = app.state.services
    assert (await client.get(f"{API}/tiers", headers=player.headers)).status_code == 200
    known = services.accounts._entries
    assert player.user_id in known
    await Bans(services.live, db, settings).ban(int(player.user_id), None, "test")
    await eventually("the account is forgotten", lambda: player.user_id not in known)
    assert code_of(await client.get(f"{API}/tiers", headers=player.headers)) == (403, "banned")


async def test_a_token_that_outlived_its_account(client: httpx.AsyncClient, app: Starlette) -> None:
    token, _ = app.state.services.tokens.issue("999999", None, "user")
    answer = await client.get(f"{API}/me", headers={"authorization": f"Bearer {token}"})
    assert code_of(answer) == (401, "unauthorized")


class Stumbling:
    """A transaction that fails some times first."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    async def __call__(self) -> Any:
        self.calls += 1
        if self.calls <= self.failures:
            raise StoreUnavailable("postgres")
        return "account"


def failures_counted() -> float:
    return REGISTRY.get_sample_value("chance_tap_login_transaction_failures_total") or 0.0


async def test_the_transaction_is_repeated_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_retry, "FIRST_PAUSE_S", 0.0)
    before = failures_counted()
    transaction = Stumbling(failures=3)
    assert await login_retry.with_retries(transaction) == "account"
    assert (transaction.calls, failures_counted()) == (4, before)


async def test_what_fails_for_good_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_retry, "FIRST_PAUSE_S", 0.0)
    before = failures_counted()
    transaction = Stumbling(failures=10)
    with pytest.raises(StoreUnavailable):
        await login_retry.with_retries(transaction)
    assert (transaction.calls, failures_counted()) == (4, before + 1)
