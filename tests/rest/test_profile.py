"""/me and /statement."""

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from tests.rest.conftest import API, LogIn, Player, code_of

ME = f"{API}/me"
STATEMENT = f"{API}/statement"


async def test_language_is_chosen_and_kept(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in(language_code="ru")
    assert (await client.get(ME, headers=player.headers)).json()["language"] == "ru"
    changed = await client.patch(ME, headers=player.headers, json={"language": "en"})
    assert changed.json()["language"] == "en"
    await log_in(language_code="ru")
    assert (await client.get(ME, headers=player.headers)).json()["language"] == "en"


@pytest.mark.parametrize(
    ("reported", "country", "language"),
    [
        (None, "RU", "ru"),
        (None, "KZ", "ru"),
        (None, "DE", "en"),
        (None, "T1", "en"),
        (None, "ru", "en"),
        (None, "", "en"),
        ("de", "BY", "ru"),
        ("en", "RU", "en"),
        ("ru", "DE", "ru"),
    ],
)
async def test_where_nobody_said_a_language_the_country_does(
    client: httpx.AsyncClient, log_in: LogIn, reported: str | None, country: str, language: str
) -> None:
    player = await log_in(**({} if reported is None else {"language_code": reported}))
    headers = player.headers | {"cf-ipcountry": country}
    assert (await client.get(ME, headers=headers)).json()["language"] == language
    opened = await client.post(f"{API}/auth/refresh", headers=headers)
    assert opened.json()["user"]["language"] == language
    chosen = "en" if language == "ru" else "ru"
    await client.patch(ME, headers=headers, json={"language": chosen})
    assert (await client.get(ME, headers=headers)).json()["language"] == chosen


async def test_messages_are_in_the_accounts_language(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in(language_code="en")
    headers = player.headers | {"accept-language": "ru"}
    english = (await client.get(f"{API}/rooms/nonsense", headers=headers)).json()["message"]
    await client.patch(ME, headers=player.headers, json={"language": "ru"})
    russian = (await client.get(f"{API}/rooms/nonsense", headers=headers | {"accept-language": "en"})).json()["message"]
    assert (english, russian) == ("Not found.", "Не найдено.")


async def test_messages_before_login_are_in_the_accepted_language(client: httpx.AsyncClient) -> None:
    asked = [await client.get(ME, headers={"accept-language": tag}) for tag in ("ru-RU", "en", "de")]
    assert [answer.json()["message"] for answer in asked] == ["Войдите в игру.", "Please log in.", "Please log in."]


async def test_the_statement_is_complete_and_newest_first(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings
) -> None:
    player = await log_in()
    for number in range(2):
        joined = await client.post(
            f"{API}/rooms/join",
            headers=player.headers | {"idempotency-key": f"join-{number}"},
            json={"stake": 50},
        )
        room_id = joined.json()["room"]["room_id"]
        await client.post(f"{API}/rooms/{room_id}/leave", headers=player.headers)
    whole = (await client.get(STATEMENT, headers=player.headers)).json()
    assert [entry["amount"] for entry in whole["entries"]] == [50, -50, 50, -50, settings.demo_stars]
    assert [entry["kind"] for entry in whole["entries"]] == ["refund", "stake", "refund", "stake", "grant"]
    # A room that was left is no game of theirs.
    assert {entry["role"] for entry in whole["entries"]} == {None}
    assert whole["next_cursor"] is None
    pages, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(STATEMENT, headers=player.headers, params=query)).json()
        pages += page["entries"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == whole["entries"]


async def test_the_statement_shows_nobody_elses(client: httpx.AsyncClient, log_in: LogIn) -> None:
    first, second = await log_in(7), await log_in(8)
    entries = [(await client.get(STATEMENT, headers=who.headers)).json()["entries"] for who in (first, second)]
    assert len(entries[0]) == len(entries[1]) == 1
    assert entries[0][0]["entry_id"] != entries[1][0]["entry_id"]


SENSELESS_PAGES = [
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=x",
    "limit=",
    "limit=1e2",
    "limit=" + "9" * 5000,
    "limit=%D9%A1",
    "cursor=",
    "cursor=-1",
    "cursor=x",
    "cursor=" + "9" * 30,
    "cursor=%00",
    "cursor=%FF",
    "limit=1&limit=2",
    "&".join(f"a{number}=1" for number in range(40)),
]


async def test_a_senseless_page_is_refused(client: httpx.AsyncClient, unlimited: Player) -> None:
    for query in SENSELESS_PAGES:
        answer = await client.get(f"{STATEMENT}?{query}", headers=unlimited.headers)
        assert code_of(answer) == (400, "invalid_request"), query
        assert answer.json()["details"]["fields"]


async def test_naming_somebody_else_is_refused(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player, other = await log_in(7), await log_in(8)
    for named in ({"user_id": other.user_id}, {"telegram_id": other.telegram_id}):
        assert code_of(await client.get(ME, headers=player.headers, params=named)) == (403, "forbidden")
        body = {"language": "ru"} | named
        assert code_of(await client.patch(ME, headers=player.headers, json=body)) == (403, "forbidden")
    own = {"user_id": player.user_id, "telegram_id": player.telegram_id}
    assert (await client.get(ME, headers=player.headers, params=own)).status_code == 200
    assert (await client.patch(ME, headers=player.headers, json={"language": "ru"} | own)).json()["language"] == "ru"


async def test_postgres_away_is_temporary(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    player = await log_in()
    await app.state.services.db.close()
    answer = await client.get(ME, headers=player.headers)
    assert code_of(answer) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await client.get(f"{API}/tiers", headers=player.headers)).status_code == 200
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_a_postgres_that_hangs_is_waited_for_once(
    client: httpx.AsyncClient, log_in: LogIn, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await log_in()
    accounts = app.state.services.accounts
    now, asked = [1000.0], 0

    async def hang(*_: object) -> None:
        nonlocal asked
        asked += 1
        now[0] += 10
        raise StoreUnavailable("postgres")

    accounts._clock = lambda: now[0]
    accounts.forget(player.user_id)
    monkeypatch.setattr("persistence.postgres.users.me", hang)
    monkeypatch.setattr("persistence.postgres.users.hello", hang)
    assert (await client.get(f"{API}/tiers", headers=player.headers)).status_code == 200
    assert asked == 1
    assert code_of(await client.get(ME, headers=player.headers)) == (503, "temporarily_unavailable")
    assert asked == 2  # by the profile itself, neither for the ban nor for the language of the refusal
