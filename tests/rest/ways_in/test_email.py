"""Accounts by e-mail: register, verify, log in, forgot, reset, change."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import argon2
import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.postgres import logins
from persistence.postgres.pool import Database
from persistence.redis.user_events import SessionsEnded
from tests.fixtures.postgres import Execute
from tests.fixtures.user_events import Ear
from tests.rest.conftest import API, code_of
from tests.rest.ways_in.mailbox import ANNA, OTHER, PASSWORD, Mailbox, me, post, sign_up


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, demo_stars=1_000)


async def test_from_an_address_to_a_session(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, execute: Execute
) -> None:
    client.headers["accept-language"] = "ru"
    session = await sign_up(client, mailbox, "Anna@EXAMPLE.com", name="Аня\u202e")
    user = session["user"]
    assert (user["email"], user["name"], user["telegram_id"], user["language"], user["balance"]) == (
        *(ANNA, "Аня", None, "ru", settings.demo_stars),
    )
    assert mailbox.mails[0].subject == "Chance Tap: Подтвердите адрес почты"
    assert (await me(client, session["token"])).json() == user
    again = (await post(client, "login", email=" anna@example.com".strip().upper(), password=PASSWORD)).json()
    assert again["user"] == user
    ((stored,),) = execute("SELECT password_hash FROM auth.email_logins")
    assert stored.startswith("$argon2id$")
    assert execute("SELECT count(*) FROM auth.mail_tokens") == [(0,)]
    assert execute("SELECT count(*) FROM auth.outbox") == [(0,)]


async def test_nothing_is_there_before_the_address_is_confirmed(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute
) -> None:
    await post(client, "register", email=ANNA, password=PASSWORD)
    assert code_of(await post(client, "login", email=ANNA, password=PASSWORD)) == (401, "bad_credentials")
    assert execute("SELECT count(*) FROM public.users") == [(0,)]
    token = await mailbox.token(ANNA)
    dump = str(execute("SELECT t::text, o::text FROM auth.mail_tokens AS t, auth.outbox AS o"))
    assert token not in dump
    assert PASSWORD not in dump


async def test_a_token_is_good_once_and_with_its_password_only(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    await post(client, "register", email=ANNA, password=PASSWORD)
    token = await mailbox.token(ANNA)
    # Whoever asked in a stranger's name does not know what the stranger would have to type, and the other way round.
    assert code_of(await post(client, "verify", token=token, password=OTHER)) == (401, "bad_credentials")
    assert code_of(await post(client, "password/reset", token=token, password=OTHER)) == (404, "not_found")
    assert (await post(client, "verify", token=token, password=PASSWORD)).status_code == 200
    assert code_of(await post(client, "verify", token=token, password=PASSWORD)) == (404, "not_found")
    for nonsense in ("x", "0" * 64, token[:-1], token + "0", token.upper(), "' OR 1=1 --"):
        assert code_of(await post(client, "verify", token=nonsense, password=PASSWORD)) == (404, "not_found")


async def test_one_token_used_from_many_sides_at_once_makes_one_account(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute
) -> None:
    for _ in range(2):  # two mails of the same address
        await post(client, "register", email=ANNA, password=PASSWORD)
    await mailbox.fetch(ANNA)
    tokens = [re.search("verify=([0-9a-f]+)", mail.text) for mail in mailbox.mails]
    answers = await asyncio.gather(
        *(post(client, "verify", token=token[1], password=PASSWORD) for token in tokens * 4 if token is not None)
    )
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 404]
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    assert execute("SELECT count(*) FROM public.users") == [(1,)]


async def test_an_expired_token(client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute, db: Database) -> None:
    await post(client, "register", email=ANNA, password=PASSWORD)
    token = await mailbox.token(ANNA)
    execute("UPDATE auth.mail_tokens SET expires_at = now() - interval '1 s'")
    assert code_of(await post(client, "verify", token=token, password=PASSWORD)) == (404, "not_found")
    assert await logins.purge(db, limit=10) == 1


async def test_who_registers_a_known_address_learns_nothing_and_its_owner_is_told(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute
) -> None:
    await sign_up(client, mailbox)
    known = await post(client, "register", email=ANNA, password=OTHER)
    unknown = await post(client, "register", email="nobody@example.com", password=OTHER)
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    mails = await mailbox.fetch(ANNA)
    assert mails[-1].subject == "Chance Tap: You already have an account"
    assert "#" not in mails[-1].text
    assert code_of(await post(client, "login", email=ANNA, password=OTHER)) == (401, "bad_credentials")
    assert execute("SELECT count(*) FROM public.users") == [(1,)]


async def test_forgot_and_reset_end_every_session(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute
) -> None:
    old = await sign_up(client, mailbox)
    known = await post(client, "password/forgot", email=ANNA)
    unknown = await post(client, "password/forgot", email="nobody@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    token = await mailbox.token(ANNA)
    assert await mailbox.fetch("nobody@example.com") == []
    assert code_of(await post(client, "verify", token=token, password=PASSWORD)) == (404, "not_found")
    for weak in ("short", ANNA, "password123"):
        assert code_of(await post(client, "password/reset", token=token, password=weak)) == (400, "invalid_request")
    new = await post(client, "password/reset", token=token, password=OTHER)
    assert new.json()["user"] == old["user"]
    assert code_of(await me(client, old["token"])) == (401, "unauthorized")
    assert (await me(client, new.json()["token"])).status_code == 200
    assert code_of(await post(client, "password/reset", token=token, password=OTHER)) == (404, "not_found")
    assert code_of(await post(client, "login", email=ANNA, password=PASSWORD)) == (401, "bad_credentials")
    assert (await post(client, "login", email=ANNA, password=OTHER)).status_code == 200
    assert (await mailbox.fetch(ANNA))[-1].subject == "Chance Tap: Your password was changed"
    assert execute("SELECT count(*) FROM auth.outbox") == [(0,)]


async def test_a_reset_voids_what_was_mailed_before(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    await sign_up(client, mailbox)
    await post(client, "password/forgot", email=ANNA)
    first = await mailbox.token(ANNA)
    await post(client, "password/forgot", email=ANNA)
    second = await mailbox.token(ANNA)
    assert (await post(client, "password/reset", token=second, password=OTHER)).status_code == 200
    assert code_of(await post(client, "password/reset", token=first, password=PASSWORD)) == (404, "not_found")


async def test_change_the_password(client: httpx.AsyncClient, mailbox: Mailbox, ear: Ear) -> None:
    old = await sign_up(client, mailbox)
    other = (await post(client, "login", email=ANNA, password=PASSWORD)).json()
    change: dict[str, Any] = {"old_password": OTHER, "new_password": OTHER}
    assert code_of(await post(client, "password/change", old["token"], **change)) == (401, "bad_credentials")
    change["old_password"] = PASSWORD
    weak = change | {"new_password": "12345678"}
    assert code_of(await post(client, "password/change", old["token"], **weak)) == (400, "invalid_request")
    new = (await post(client, "password/change", old["token"], **change)).json()
    for ended in (old, other):
        assert code_of(await me(client, ended["token"])) == (401, "unauthorized")
    assert await ear.next(1) == [(old["user"]["user_id"], SessionsEnded(1))]
    assert (await me(client, new["token"])).status_code == 200
    assert (await post(client, "login", email=ANNA, password=OTHER)).status_code == 200
    assert code_of(await client.post(f"{API}/auth/password/change", json=change)) == (401, "unauthorized")


async def test_a_banned_account_learns_it_with_the_right_password_only(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute
) -> None:
    await sign_up(client, mailbox)
    execute("UPDATE auth.users SET banned_at = now()")
    assert code_of(await post(client, "login", email=ANNA, password=OTHER)) == (401, "bad_credentials")
    assert code_of(await post(client, "login", email=ANNA, password=PASSWORD)) == (403, "banned")
    await post(client, "password/forgot", email=ANNA)
    token = await mailbox.token(ANNA)
    assert code_of(await post(client, "password/reset", token=token, password=OTHER)) == (403, "banned")


async def test_a_dated_hash_is_replaced_at_the_next_log_in(
    client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute, cheap: argon2.PasswordHasher
) -> None:
    session = await sign_up(client, mailbox)
    dated = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    execute("UPDATE auth.email_logins SET password_hash = %s", dated)
    assert (await post(client, "login", email=ANNA, password=PASSWORD)).status_code == 200
    ((stored,),) = execute("SELECT password_hash FROM auth.email_logins")
    assert argon2.extract_parameters(stored) == argon2.extract_parameters(cheap.hash("x"))
    assert (await me(client, session["token"])).status_code == 200


@pytest.mark.parametrize(
    "password",
    ["", "seven77", "x" * 129, "password", "Password1", "ｐａｓｓｗｏｒｄ", "раssword", "aaaaaaaaaa",
     "anna@example.com", "example.com", "chancetap2026", "Chance Tap!", "line\nbreak1", "nul\x00nul\x00",
     "1234567890", "qwertyuiop"],
)  # fmt: skip
async def test_passwords_that_are_refused(client: httpx.AsyncClient, password: str) -> None:
    answer = await post(client, "register", email=ANNA, password=password)
    assert code_of(answer) == (400, "invalid_request")
    assert [field["field"] for field in answer.json()["details"]["fields"]] == ["password"]


@pytest.mark.parametrize(
    "password", ["x7!" * 3, "пароль из слов", "🐎🔋🖇 horse staple", "y" * 64 + "z" * 63 + "!", " spaces count "]
)
async def test_passwords_that_are_taken(client: httpx.AsyncClient, mailbox: Mailbox, password: str) -> None:
    await post(client, "register", email=ANNA, password=password)
    answer = await post(client, "verify", token=await mailbox.token(ANNA), password=password)
    assert answer.status_code == 200, answer.text


async def test_a_password_typed_on_another_keyboard_is_the_same(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    await post(client, "register", email=ANNA, password="Å la carte ﬁsh")
    answer = await post(client, "verify", token=await mailbox.token(ANNA), password="A\u030a la carte fish")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "email",
    ["anna", "@example.com", "anna@", "anna@localhost", "anna@example", "аnna@example.com", "anna@example.com\n",
     "a b@example.com", "anna@example.com,bob@example.com", "Anna <anna@example.com>", '"a b"@example.com',
     "anna@[127.0.0.1]", "anna@127.0.0.1", "anna@exa_mple.com", "x" * 65 + "@example.com", "a@" + "b" * 260 + ".com",
     "anna@example.com\r\nBcc: bob@example.com", "anna@test", "'; DROP TABLE auth.users; --"],
)  # fmt: skip
async def test_addresses_that_are_refused(client: httpx.AsyncClient, email: str) -> None:
    for path in ("register", "login", "password/forgot"):
        body = {"email": email} if path == "password/forgot" else {"email": email, "password": PASSWORD}
        answer = await post(client, path, **body)
        assert answer.status_code == 400, (path, answer.text)


async def test_a_look_alike_domain_is_another_account_in_its_plain_form(
    client: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    await sign_up(client, mailbox)
    session = await sign_up(client, mailbox, "anna@xn--exmple-4nf.com")
    assert session["user"]["email"] == "anna@xn--exmple-4nf.com"
    again = await post(client, "login", email="anna@ex\u0430mple.com", password=PASSWORD)
    assert again.json()["user"]["user_id"] == session["user"]["user_id"]


async def test_injections_are_only_passwords(client: httpx.AsyncClient, mailbox: Mailbox, execute: Execute) -> None:
    await sign_up(client, mailbox)
    for text in ("' OR '1'='1", "x'; DELETE FROM auth.users; --", "%(email)s %s %%", "\\'; SELECT 1", "$1 || ''"):
        assert code_of(await post(client, "login", email=ANNA, password=text)) == (401, "bad_credentials")
    assert execute("SELECT count(*) FROM auth.users") == [(1,)]


async def test_where_no_mail_can_be_sent_nobody_registers(settings: Settings, app: Starlette) -> None:
    services = app.state.services
    monkey = replace(services, settings=replace(settings, smtp_url=""))
    app.state.services = monkey
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert code_of(await post(client, "register", email=ANNA, password=PASSWORD)) == (403, "forbidden")
        assert code_of(await post(client, "password/forgot", email=ANNA)) == (403, "forbidden")
        assert code_of(await post(client, "login", email=ANNA, password=PASSWORD)) == (401, "bad_credentials")
