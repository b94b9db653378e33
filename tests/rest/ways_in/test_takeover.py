"""A stolen session, a stolen password or stolen init data takes no account over: the owner can undo all of it."""

import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.postgres import logins
from persistence.postgres.pool import Database
from persistence.redis.user_events import SessionsEnded
from tests.fixtures.postgres import Execute
from tests.fixtures.user_events import Ear
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

THIEF = "thief@example.com"
HOURS_72_MS = 72 * 3_600_000


async def with_new_address(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, player: Player, email: str = THIEF
) -> dict[str, Any]:
    """The player's account gets an address just now; the session that this opens."""
    assert (await link_email(client, settings, player, email)).json()["status"] == "accepted"
    answer = await post(client, "verify", token=await mailbox.token(email), password=PASSWORD)
    session: dict[str, Any] = answer.json()
    return session


async def test_a_stolen_session_adds_no_address(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, execute: Execute
) -> None:
    victim = await log_in()
    body = {"email": THIEF, "password": PASSWORD}
    assert code_of(await post(client, "link", victim.token, **body)) == (400, "invalid_request")
    assert code_of(await post(client, "link", victim.token, **body, own_password=PASSWORD)) == (400, "invalid_request")
    own = init_data(settings, 8)
    assert code_of(await post(client, "link", victim.token, **body, own_init_data=own)) == (403, "forbidden")
    stale = init_data(settings, 7, age_s=settings.init_data_fresh_s + 1)
    assert code_of(await post(client, "link", victim.token, **body, own_init_data=stale)) == (401, "init_data_expired")
    assert execute("SELECT count(*) FROM auth.mail_tokens") == [(0,)]
    # Nor does it join the account with one that the thief has already.
    await sign_up(client, mailbox, THIEF)
    assert code_of(await post(client, "link", victim.token, **body)) == (400, "invalid_request")
    assert (await me(client, victim.token)).json()["email"] is None


async def test_a_stolen_session_adds_no_telegram(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings
) -> None:
    victim = await sign_up(client, mailbox)
    thief = init_data(settings, 66)
    refusals = [
        ({}, (400, "invalid_request")),
        ({"own_init_data": thief}, (400, "invalid_request")),
        ({"own_password": OTHER}, (401, "bad_credentials")),
    ]
    for proof, refusal in refusals:
        assert code_of(await post(client, "link", victim["token"], init_data=thief, **proof)) == refusal
    assert (await me(client, victim["token"])).json()["telegram_id"] is None


async def test_a_way_of_the_last_72_hours_removes_no_older_one(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, execute: Execute
) -> None:
    victim = await log_in()
    thief = await with_new_address(client, mailbox, settings, victim)
    refused = await post(client, "unlink", thief["token"], way="telegram", password=PASSWORD)
    assert code_of(refused) == (403, "limit_reached")
    details = refused.json()["details"]
    assert details["limit"] == "new_way"
    ((since_ms,),) = execute("SELECT (extract(epoch FROM since) * 1000)::bigint FROM auth.email_logins")
    assert details["until_ms"] == since_ms + HOURS_72_MS
    # The older one removes the newer at any time.
    session = await post(client, "unlink", thief["token"], way="email", init_data=init_data(settings, 7))
    assert session.json()["user"]["email"] is None
    # And after 72 hours either does.
    second = await with_new_address(client, mailbox, settings, await log_in())
    execute("UPDATE auth.email_logins SET since = since - interval '73 hours'")
    assert (await post(client, "unlink", second["token"], way="telegram", password=PASSWORD)).status_code == 200


async def test_new_telegram_removes_no_older_address(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings
) -> None:
    victim = await sign_up(client, mailbox)
    session = (await link_telegram(client, settings, victim["token"], 66)).json()["session"]
    refused = await post(client, "unlink", session["token"], way="email", init_data=init_data(settings, 66))
    assert code_of(refused) == (403, "limit_reached")


async def test_a_linked_address_ends_every_other_session(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, ear: Ear
) -> None:
    player = await log_in()
    session = await with_new_address(client, mailbox, settings, player, ANNA)
    assert await ear.next(1) == [(player.user_id, SessionsEnded(1))]
    assert code_of(await me(client, player.token)) == (401, "unauthorized")
    assert (await me(client, session["token"])).status_code == 200
    assert code_of(await client.post(f"{API}/auth/refresh", headers=player.headers)) == (401, "unauthorized")


async def object_in_chat(app: Starlette, execute: Execute, telegram_id: int) -> str:
    """The newest button is pressed by that Telegram account."""
    ((change_id,),) = execute("SELECT max(subject::bigint) FROM bot.notices WHERE kind LIKE 'login%%'")
    return (await logins.object_in_chat(app.state.services.db, change_id, telegram_id)).status


async def test_who_had_telegram_takes_a_linked_address_back(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, app: Starlette, execute: Execute
) -> None:
    victim = await log_in()
    thief = await with_new_address(client, mailbox, settings, victim)
    assert execute("SELECT user_id, reason, due_at IS NOT NULL FROM bot.notices WHERE kind = 'login_linked'") == [
        (int(victim.user_id), "email", True)
    ]
    assert await object_in_chat(app, execute, 8) == "not_found"
    assert await object_in_chat(app, execute, 7) == "ok"
    app.state.services.accounts.forget(victim.user_id)
    assert code_of(await me(client, thief["token"])) == (401, "unauthorized")
    assert code_of(await post(client, "login", email=THIEF, password=PASSWORD)) == (401, "bad_credentials")
    assert (await log_in()).user_id == victim.user_id
    assert await object_in_chat(app, execute, 7) == "not_found"  # once


async def test_who_had_the_address_takes_linked_telegram_back(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, ear: Ear
) -> None:
    victim = await sign_up(client, mailbox)
    thief = (await link_telegram(client, settings, victim["token"], 66)).json()["session"]
    token = await mailbox.token(ANNA)
    assert mailbox.mails[-1].subject == "Chance Tap: Telegram was linked to your account"
    assert code_of(await post(client, "object", token="0" * 64)) == (404, "not_found")
    assert code_of(await post(client, "password/reset", token=token, password=OTHER)) == (404, "not_found")
    assert (await post(client, "object", token=token)).json() == {"status": "undone"}
    assert await ear.next(2) == [(victim["user"]["user_id"], SessionsEnded(epoch)) for epoch in (1, 2)]
    assert code_of(await me(client, thief["token"])) == (401, "unauthorized")
    by_email = await post(client, "login", email=ANNA, password=PASSWORD)
    assert (by_email.json()["user"]["user_id"], by_email.json()["user"]["telegram_id"]) == (
        *(victim["user"]["user_id"], None),
    )
    assert (await log_in(66)).user_id != victim["user"]["user_id"]
    assert code_of(await post(client, "object", token=token)) == (404, "not_found")


async def test_unlinked_telegram_comes_back(
    client: httpx.AsyncClient, settings: Settings, linked: Linked, log_in: LogIn, app: Starlette, execute: Execute
) -> None:
    """Told in the chat that the account has no more; also when the game was opened there meanwhile."""
    victim = await linked()
    execute("UPDATE auth.email_logins SET since = since - interval '1 day'")
    thief = (await post(client, "unlink", victim["token"], way="telegram", password=PASSWORD)).json()
    # What the thief links in its place goes again.
    swapped = await link_telegram(client, settings, thief["token"], 66)
    assert swapped.json()["session"]["user"]["telegram_id"] == "66"
    assert (await log_in(7)).user_id != victim["user"]["user_id"]
    ((change_id,),) = execute("SELECT subject::bigint FROM bot.notices WHERE kind = 'login_unlinked'")
    undone = await logins.object_in_chat(app.state.services.db, change_id, 7)
    assert (undone.status, undone.user_id) == ("ok", int(victim["user"]["user_id"]))
    app.state.services.accounts.forget(victim["user"]["user_id"])
    assert code_of(await me(client, swapped.json()["session"]["token"])) == (401, "unauthorized")
    assert (await log_in(7)).user_id == victim["user"]["user_id"]
    assert (await log_in(66)).user_id != victim["user"]["user_id"]


async def test_an_account_that_was_played_with_stands_in_the_way(
    client: httpx.AsyncClient, linked: Linked, log_in: LogIn, app: Starlette, execute: Execute
) -> None:
    victim = await linked()
    await post(client, "unlink", victim["token"], way="telegram", password=PASSWORD)
    new = await log_in(7)
    execute(
        "INSERT INTO game.referrals (user_id, referrer_id, source) VALUES (%s, %s, 'app')",
        *(new.user_id, victim["user"]["user_id"]),
    )
    for _ in range(2):  # it stays possible, once an operator has helped
        assert await object_in_chat(app, execute, 7) == "conflict"
    assert (await log_in(7)).user_id == new.user_id


async def test_an_unlinked_address_comes_back_in_place_of_the_thiefs(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, linked: Linked
) -> None:
    victim = await linked()
    taken = await post(client, "unlink", victim["token"], way="email", init_data=init_data(settings, 7))
    player = Player(victim["user"]["user_id"], "7", taken.json()["token"])
    thief = await with_new_address(client, mailbox, settings, player)
    assert (await post(client, "object", token=await mailbox.token(ANNA))).status_code == 200
    assert code_of(await me(client, thief["token"])) == (401, "unauthorized")
    assert code_of(await post(client, "login", email=THIEF, password=PASSWORD)) == (401, "bad_credentials")
    session = (await post(client, "login", email=ANNA, password=PASSWORD)).json()
    assert (session["user"]["user_id"], session["user"]["telegram_id"]) == (victim["user"]["user_id"], "7")


async def test_joined_with_an_account_that_has_a_history_its_owner_is_told(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, log_in: LogIn, execute: Execute
) -> None:
    """Whose password was guessed is told by mail, whose init data was stolen in the chat."""
    victim = await sign_up(client, mailbox)
    execute("INSERT INTO game.referrals (user_id, referrer_id, source) SELECT user_id, %s, 'app' FROM auth.users"
            " WHERE user_id = %s", (await log_in(9)).user_id, victim["user"]["user_id"])  # fmt: skip
    joined = await link_email(client, settings, await log_in(66))
    assert joined.json()["session"]["user"]["user_id"] == victim["user"]["user_id"]
    refused = await post(
        client, "unlink", joined.json()["session"]["token"], way="email", init_data=init_data(settings, 66)
    )
    assert code_of(refused) == (403, "limit_reached")
    assert (await post(client, "object", token=await mailbox.token(ANNA))).status_code == 200
    session = (await post(client, "login", email=ANNA, password=PASSWORD)).json()
    assert (session["user"]["user_id"], session["user"]["telegram_id"]) == (victim["user"]["user_id"], None)


async def test_after_72_hours_nothing_of_it_is_left_but_a_hash(
    client: httpx.AsyncClient, mailbox: Mailbox, settings: Settings, linked: Linked, db: Database, execute: Execute
) -> None:
    victim = await linked()
    await post(client, "unlink", victim["token"], way="email", init_data=init_data(settings, 7))
    token = await mailbox.token(ANNA)
    execute("UPDATE auth.login_changes SET expires_at = now() - interval '1 second'")
    assert code_of(await post(client, "object", token=token)) == (404, "not_found")
    assert await logins.purge(db, limit=100) == 2  # Telegram's link was one too
    for table in ("auth.login_changes", "auth.email_logins", "auth.mail_tokens", "auth.outbox", "auth.identities"):
        assert ANNA not in str(execute(f"SELECT t::text FROM {table} AS t"))


async def test_a_log_in_can_be_renewed_for_so_long(
    client: httpx.AsyncClient, log_in: LogIn, app: Starlette, settings: Settings
) -> None:
    tokens, start_s = app.state.services.tokens, int(time.time())
    now = [float(start_s)]
    tokens._clock = lambda: now[0]
    player = await log_in()
    token = player.token
    login_life_s, life_s = settings.jwt_login_life_s, settings.jwt_life_s
    for renewal in range(1, login_life_s // (life_s - 60) + 1):
        now[0] = start_s + renewal * (life_s - 60)
        claims = tokens.verify(token)
        token, expires_ms = tokens.issue(claims.user_id, None, "user", claims.epoch, since_s=claims.since_s)
        assert expires_ms <= (start_s + login_life_s) * 1000
    renewed = await client.post(f"{API}/auth/refresh", headers={"authorization": f"Bearer {token}"})
    assert renewed.json()["expires_at_ms"] == (start_s + login_life_s) * 1000
    now[0] = start_s + login_life_s
    late = await client.post(f"{API}/auth/refresh", headers={"authorization": f"Bearer {renewed.json()['token']}"})
    assert code_of(late) == (401, "token_expired")
    assert (await log_in()).user_id == player.user_id


@pytest.mark.parametrize("way", ["telegram", "email"])
async def test_either_way_that_is_there_proves_who_unlinks(
    client: httpx.AsyncClient, settings: Settings, linked: Linked, way: str
) -> None:
    session = await linked()
    for proof in ({"init_data": init_data(settings, 8)}, {"password": OTHER}, {}):
        assert (await post(client, "unlink", session["token"], way=way, **proof)).status_code in (400, 401, 403)
    proof = {"init_data": init_data(settings, 7)} if way == "telegram" else {"password": PASSWORD}
    assert (await post(client, "unlink", session["token"], way=way, **proof)).status_code == 200
