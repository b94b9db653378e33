"""Linking and unlinking e-mail and Telegram: one person, one account, never without a way in, money where it was."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, LogIn, Player, code_of, init_data
from tests.rest.ways_in.mailbox import (
    ANNA,
    OTHER,
    PASSWORD,
    Linked,
    Mailbox,
    link_email,
    link_telegram,
    me,
    post,
    sign_up,
)

CODES = ("ABCDEFGH", "BCDEFGHA")


@pytest.fixture
def grant(execute: Execute) -> Callable[[str], None]:
    """A history: Stars that were booked."""

    def grant(user_id: str) -> None:
        execute(
            "SELECT ledger.post('grant:' || %s, 'grant', NULL, NULL, ARRAY[d.account_id, p.account_id],"
            " ARRAY[-100, 100]) FROM ledger.accounts AS d, ledger.accounts AS p"
            " WHERE d.kind = 'demo' AND p.user_id = %s",
            *(user_id, user_id),
        )

    return grant


async def test_an_email_account_gets_telegram(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, grant: Callable[[str], None]
) -> None:
    old = await sign_up(client, mailbox)
    grant(old["user"]["user_id"])
    answer = (await link_telegram(client, settings, old["token"])).json()
    user = answer["session"]["user"]
    assert answer["status"] == "linked"
    assert (user["user_id"], user["telegram_id"], user["email"], user["balance"], user["name"]) == (
        *(old["user"]["user_id"], "7", ANNA, 100, "Player 7"),
    )
    assert code_of(await me(client, old["token"])) == (401, "unauthorized")
    by_telegram = await client.post(f"{API}/auth/telegram", json={"init_data": init_data(settings)})
    assert by_telegram.json()["user"] == user
    again = await link_telegram(client, settings, answer["session"]["token"])
    assert again.json()["session"]["user"] == user
    another = await link_telegram(client, settings, again.json()["session"]["token"], 8)
    assert code_of(another) == (409, "conflict")


async def test_a_telegram_account_gets_an_address(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, grant: Callable[[str], None]
) -> None:
    player = await log_in()
    grant(player.user_id)
    weak = await link_email(client, settings, player, password="password")
    assert code_of(weak) == (400, "invalid_request")
    answer = await link_email(client, settings, player)
    assert answer.json() == {"status": "accepted", "session": None}
    assert (await me(client, player.token)).json()["email"] is None
    session = (await post(client, "verify", token=await mailbox.token(ANNA), password=PASSWORD)).json()
    assert (session["user"]["user_id"], session["user"]["email"], session["user"]["balance"]) == (
        *(player.user_id, ANNA, 100),
    )
    by_email = await post(client, "login", email=ANNA, password=PASSWORD)
    assert by_email.json()["user"]["user_id"] == player.user_id
    second = await link_email(client, settings, await log_in(), "b@example.com")
    assert code_of(second) == (409, "conflict")


@pytest.mark.parametrize("history", ["email", "telegram", "none"])
@pytest.mark.parametrize("from_", ["email", "telegram"])
async def test_of_two_accounts_the_one_with_a_history_stays(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, execute: Execute,
    grant: Callable[[str], None], history: str, from_: str,
) -> None:  # fmt: skip
    by_email = await sign_up(client, mailbox)
    by_telegram = await log_in(photo_url="https://t.me/a.svg")
    ids = {"email": by_email["user"]["user_id"], "telegram": by_telegram.user_id}
    for number, user_id in enumerate(ids.values()):  # that the profile was looked at is no history
        execute("INSERT INTO game.referral_codes (user_id, code) VALUES (%s, %s)", user_id, CODES[number])
    if history != "none":
        grant(ids[history])
    if from_ == "email":
        answer = await link_telegram(client, settings, by_email["token"], photo_url="https://t.me/a.svg")
    else:
        answer = await link_email(client, settings, by_telegram)
    assert answer.status_code == 200, answer.text
    user = answer.json()["session"]["user"]
    assert user["user_id"] == ids[from_ if history == "none" else history]
    assert (user["telegram_id"], user["email"], user["photo_url"], user["name"]) == (
        *("7", ANNA, "https://t.me/a.svg", "Player 7"),
    )
    assert user["balance"] == (0 if history == "none" else 100)
    for old in (by_email["token"], by_telegram.token):
        assert code_of(await me(client, old)) == (401, "unauthorized")
    assert execute("SELECT count(*) FROM public.users") == execute("SELECT count(*) FROM ledger.balances") == [(1,)]
    assert (await log_in()).user_id == user["user_id"]
    assert (await post(client, "login", email=ANNA, password=PASSWORD)).json()["user"]["user_id"] == user["user_id"]


async def test_two_accounts_with_histories_stay_two(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, grant: Callable[[str], None],
    execute: Execute,
) -> None:  # fmt: skip
    by_email = await sign_up(client, mailbox)
    by_telegram = await log_in()
    for user_id in (by_email["user"]["user_id"], by_telegram.user_id):
        grant(user_id)
    before = execute("SELECT a.*, l.* FROM auth.users AS a LEFT JOIN auth.email_logins AS l USING (user_id) ORDER BY 1")
    assert code_of(await link_telegram(client, settings, by_email["token"])) == (409, "conflict")
    asked = await link_email(client, settings, by_telegram)
    assert code_of(asked) == (409, "conflict")
    after = execute("SELECT a.*, l.* FROM auth.users AS a LEFT JOIN auth.email_logins AS l USING (user_id) ORDER BY 1")
    assert after == before
    assert (await me(client, by_email["token"])).status_code == 200


async def test_a_ban_cannot_be_linked_away(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, execute: Execute, app: Starlette
) -> None:
    by_email = await sign_up(client, mailbox)
    by_telegram = await log_in()
    execute("SELECT auth.ban(%s, NULL)", by_telegram.user_id)
    app.state.services.accounts.forget(by_telegram.user_id)
    assert code_of(await link_telegram(client, settings, by_email["token"])) == (403, "banned")
    asked = await link_email(client, settings, by_telegram)
    assert code_of(asked) == (403, "banned")


async def test_a_wrong_password_for_a_known_address_looks_like_an_unknown_one(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn
) -> None:
    await sign_up(client, mailbox)
    player = await log_in()
    known = await link_email(client, settings, player, password=OTHER)
    unknown = await link_email(client, settings, player, "nobody@example.com", OTHER)
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert (await mailbox.fetch(ANNA))[-1].subject == "Chance Tap: You already have an account"


async def test_unlink_telegram(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, linked: Linked
) -> None:
    session = await linked()
    for body, refused in (({}, 400), ({"password": OTHER}, 401)):
        assert (await post(client, "unlink", session["token"], way="telegram", **body)).status_code == refused
    answer = (await post(client, "unlink", session["token"], way="telegram", password=PASSWORD)).json()
    assert (answer["user"]["telegram_id"], answer["user"]["email"], answer["user"]["photo_url"]) == (None, ANNA, None)
    assert code_of(await me(client, session["token"])) == (401, "unauthorized")
    for way in ("telegram", "email"):
        last = await post(
            client, "unlink", answer["token"], way=way, password=PASSWORD, init_data=init_data(settings, 7)
        )
        assert code_of(last) == (409, "conflict")
    assert (await log_in()).user_id != session["user"]["user_id"]
    assert (await mailbox.fetch(ANNA))[-1].subject == "Chance Tap: A way to log in was removed"


async def test_unlink_the_address(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, linked: Linked
) -> None:
    session = await linked()
    assert code_of(await post(client, "unlink", session["token"], way="email")) == (400, "invalid_request")
    wrong = await post(client, "unlink", session["token"], way="email", password=OTHER)
    assert code_of(wrong) == (401, "bad_credentials")
    foreign = await post(client, "unlink", session["token"], way="email", init_data=init_data(settings, 8))
    assert code_of(foreign) == (403, "forbidden")
    answer = await post(client, "unlink", session["token"], way="email", init_data=init_data(settings, 7))
    assert (answer.json()["user"]["telegram_id"], answer.json()["user"]["email"]) == ("7", None)
    assert code_of(await post(client, "login", email=ANNA, password=PASSWORD)) == (401, "bad_credentials")
    assert (await log_in()).user_id == session["user"]["user_id"]
    assert (await mailbox.fetch(ANNA))[-1].subject == "Chance Tap: A way to log in was removed"


async def test_both_ways_at_once_leave_one(
    client: httpx.AsyncClient, settings: Settings, execute: Execute, linked: Linked
) -> None:
    session = await linked()
    answers = await asyncio.gather(
        post(client, "unlink", session["token"], way="telegram", password=PASSWORD),
        post(client, "unlink", session["token"], way="email", init_data=init_data(settings, 7)),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 401])
    assert execute(
        "SELECT (a.telegram_id IS NOT NULL)::int + (l.email IS NOT NULL)::int"
        " FROM auth.users AS a LEFT JOIN auth.email_logins AS l USING (user_id)"
    ) == [(1,)]


async def test_old_init_data_logs_in_and_changes_nothing_else(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn
) -> None:
    """A replay within its life gives the same account and no privilege more."""
    old = init_data(settings, 7, age_s=settings.init_data_fresh_s + 60)
    first = await client.post(f"{API}/auth/telegram", json={"init_data": old})
    again = await client.post(f"{API}/auth/telegram", json={"init_data": old})
    assert first.json()["user"] == again.json()["user"]
    assert first.json()["user"]["role"] == "user"
    thief = await sign_up(client, mailbox)
    assert code_of(await post(client, "link", thief["token"], init_data=old, own_password=PASSWORD)) == (
        401,
        "init_data_expired",
    )
    genuine = init_data(settings, 7)
    forged = genuine[:-1] + ("1" if genuine.endswith("0") else "0")
    assert (await post(client, "link", thief["token"], init_data=forged, own_password=PASSWORD)).status_code == 401
    assert (await log_in()).user_id == first.json()["user"]["user_id"]


async def test_what_link_wants(client: httpx.AsyncClient, log_in: LogIn, settings: Settings, mailbox: Mailbox) -> None:
    player: Player = await log_in()
    bodies: list[dict[str, Any]] = [
        {},
        {"email": ANNA},
        {"password": PASSWORD},
        {"email": ANNA, "password": PASSWORD, "init_data": init_data(settings)},
        {"email": ANNA, "password": PASSWORD},
        {"email": ANNA, "password": PASSWORD, "own_password": PASSWORD},
        {"init_data": ""},
        {"way": "email"},
    ]
    for body in bodies:
        assert code_of(await post(client, "link", player.token, **body)) == (400, "invalid_request"), json.dumps(body)
    assert code_of(await client.post(f"{API}/auth/link", json={"email": ANNA, "password": PASSWORD})) == (
        *(401, "unauthorized"),
    )
    foreign = await post(client, "link", player.token, user_id="999", email=ANNA, password=PASSWORD)
    assert code_of(foreign) == (403, "forbidden")
