"""Notices: written with what they tell of, seen by their player only; appeals, once, and their answers."""

import asyncio
import json

import httpx
import psycopg
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from cli.main import main
from persistence.accounts.bans import Bans
from persistence.postgres import games, notices
from persistence.postgres.pool import Database
from tests.bot.conftest import Chats, Telegram
from tests.fixtures.postgres import Execute
from tests.postgres.play import STAKE, Finisher, fill, finished, hero_room, new_room, new_seat, pay, sign_up
from tests.rest.conftest import API, Player, code_of


@pytest.fixture
def logged_in(app: Starlette) -> "LogInAs":
    return LogInAs(app)


class LogInAs:
    """Tokens for accounts that are there."""

    def __init__(self, app: Starlette) -> None:
        self._tokens = app.state.services.tokens

    def __call__(self, user_id: int) -> Player:
        token, _ = self._tokens.issue(str(user_id), None, "user")
        return Player(str(user_id), "", token)


async def seen(client: httpx.AsyncClient, player: Player) -> list[tuple[str, int | None, str | None]]:
    answer = await client.get(f"{API}/notices", headers=player.headers)
    assert answer.status_code == 200, answer.text
    return [(each["kind"], each["amount"], each["reason"]) for each in answer.json()["notices"]]


async def test_a_decided_game_is_told_to_whom_it_gave_something_and_to_whom_it_blocked(
    app: Starlette, client: httpx.AsyncClient, logged_in: LogInAs
) -> None:
    db = app.state.services.db
    one, two, cheat, unranked = await sign_up(db, 4)
    room = new_room()
    seats = await fill(db, room, [one, two, cheat, unranked])
    result = finished(
        room, [Finisher(seats[0], one, 9), Finisher(seats[1], two, 5), Finisher(seats[2], cheat, 60, blocked=True)]
    )
    for _ in range(2):
        await games.settle(db, room, result)
    assert await seen(client, logged_in(one)) == [("prize", 3 * STAKE, None)]
    assert await seen(client, logged_in(two)) == []
    assert await seen(client, logged_in(cheat)) == [("blocked", STAKE, "too_fast")]
    assert await seen(client, logged_in(unranked)) == [("refund", STAKE, "not_ranked")]


async def test_cancelled_rooms_and_lost_seats(app: Starlette, client: httpx.AsyncClient, logged_in: LogInAs) -> None:
    db = app.state.services.db
    one, two, organizer = await sign_up(db, 3)
    hero = await hero_room(db, organizer)
    (seat,) = await fill(db, hero, [one], kind="hero")
    result = finished(hero, [Finisher(seat, one, 0)], outcome="cancelled", reason="not_started", kind="hero")
    await games.settle(db, hero, result)
    assert await seen(client, logged_in(one)) == [("cancelled", STAKE, "not_started")]
    assert await seen(client, logged_in(organizer)) == [("cancelled", 0, "not_started")]
    seat = new_seat()
    await pay(db, two, new_room(), seat)
    await games.refund(db, seat, "seat_lost")
    seat = new_seat()
    await pay(db, two, new_room(), seat)
    await games.refund(db, seat, "left")
    assert await seen(client, logged_in(two)) == [("refund", STAKE, "seat_lost")]


async def test_pages(db: Database, client: httpx.AsyncClient, logged_in: LogInAs, execute: Execute) -> None:
    one, two = await sign_up(db, 2)
    for user_id in (one, two):
        execute(
            "INSERT INTO bot.notices (user_id, kind, subject, amount)"
            " SELECT %s, 'prize', n::text, n FROM generate_series(1, 5) AS n",
            user_id,
        )
    await notices.note_event(db, "game_starts", new_room(), [one], amount=1, for_s=60)
    headers = logged_in(one).headers
    amounts: list[int] = []
    cursor = ""
    while True:
        answer = (await client.get(f"{API}/notices?limit=2{cursor}", headers=headers)).json()
        amounts += [each["amount"] for each in answer["notices"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert amounts == [5, 4, 3, 2, 1]
    assert code_of(await client.get(f"{API}/notices?cursor=x", headers=headers)) == (400, "invalid_request")


async def test_an_appeal_goes_to_the_operator_once_and_its_answer_comes_back(
    db: Database,
    client: httpx.AsyncClient,
    logged_in: LogInAs,
    execute: Execute,
    bot_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, two = await sign_up(db, 2)
    ((blocked,), (prize,)) = execute(
        "INSERT INTO bot.notices (user_id, kind, subject, reason) VALUES (%s, 'blocked', 'r', 'too_fast'),"
        " (%s, 'prize', 'r', NULL) RETURNING notice_id",
        one,
        one,
    )

    async def say(player: int, notice: object, text: str) -> httpx.Response:
        headers = logged_in(player).headers
        return await client.post(f"{API}/notices/{notice}/appeal", headers=headers, json={"text": text})

    assert code_of(await say(two, blocked, "mine")) == (404, "not_found")
    assert code_of(await say(one, prize, "why")) == (409, "conflict")
    assert code_of(await say(one, "x", "why")) == (404, "not_found")
    assert code_of(await say(one, blocked, "")) == (400, "invalid_request")
    assert code_of(await say(one, blocked, "x" * 2001)) == (400, "invalid_request")
    assert (await say(one, blocked, "I have two thumbs")).status_code == 200
    assert (await say(one, blocked, "I have two thumbs")).status_code == 200
    assert code_of(await say(one, blocked, "and more")) == (409, "conflict")

    monkeypatch.setenv("DATABASE_URL", bot_settings.database_url)
    for name in ("ENV", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    assert await asyncio.to_thread(main, ["appeals", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["appeals"]
    assert (listed["user_id"], listed["words"], listed["kind"]) == (one, "I have two thumbs", "blocked")
    answer = ["appeals", "answer", str(listed["appeal_id"]), "We looked: it stands.", "--by", "op"]
    assert await asyncio.to_thread(main, answer) == 0
    assert await asyncio.to_thread(main, answer) == 0
    assert await asyncio.to_thread(main, ["appeals", "answer", str(listed["appeal_id"]), "No."]) == 1
    assert await asyncio.to_thread(main, ["appeals", "answer", "999", "No."]) == 1
    kinds = await seen(client, logged_in(one))
    assert kinds[0] == ("appeal_answer", None, "We looked: it stands.")
    first = (await client.get(f"{API}/notices", headers=logged_in(one).headers)).json()["notices"][-1]
    assert (first["can_appeal"], first["appeal"]["answer"]) == (False, "We looked: it stands.")


async def test_a_banned_player_hears_why_and_appeals_in_the_chat(
    app: Starlette, db: Database, chats: Chats, telegram: Telegram, bot_settings: Settings, execute: Execute
) -> None:
    services = app.state.services
    await chats.write("/start")
    ((user_id,),) = execute("SELECT user_id FROM auth.users")
    await chats.write("/appeal I did nothing")
    assert "не заблокирован" in telegram.last
    bans = Bans(services.live, db, bot_settings)
    await bans.ban(user_id, "two accounts", "op")
    await chats.write("/balance")
    assert "two accounts" in telegram.last
    await chats.write("/appeal")
    assert "/appeal" in telegram.last
    await chats.write("/appeal I did nothing")
    assert telegram.last.startswith("Ваше обращение принято")
    await chats.write("/appeal I did really nothing")
    assert telegram.last.startswith("Вы уже обжаловали")
    assert [(each.kind, each.reason, each.words) for each in await notices.appeals(db, only_open=True, limit=9)] == [
        ("banned", "two accounts", "I did nothing")
    ]
    await bans.unban(user_id, None, "op")
    assert execute("SELECT kind FROM bot.notices ORDER BY notice_id") == [("banned",), ("unbanned",)]


async def test_referrals_show_code_link_and_who_has_played(
    app: Starlette, client: httpx.AsyncClient, chats: Chats, logged_in: LogInAs, execute: Execute
) -> None:
    await chats.write("/start", 7)
    ((inviter,),) = execute("SELECT user_id FROM auth.users")
    player = logged_in(inviter)
    first = (await client.get(f"{API}/referrals", headers=player.headers)).json()
    assert first["link"] == f"https://t.me/chance_tap_bot?start={first['code']}"
    await chats.write(f"/start {first['code']}", 8)
    await chats.write(f"/start {first['code']}", 9)
    execute("INSERT INTO game.player_stats (user_id, games) SELECT user_id, 1 FROM auth.users WHERE telegram_id = 9")
    page = (await client.get(f"{API}/referrals?limit=1", headers=player.headers)).json()
    assert [(each["name"], each["finished"]) for each in page["invited"]] == [("Player 9", True)]
    rest = (await client.get(f"{API}/referrals?cursor={page['next_cursor']}", headers=player.headers)).json()
    assert [(each["name"], each["finished"]) for each in rest["invited"]] == [("Player 8", False)]
    assert (rest["code"], rest["next_cursor"]) == (first["code"], None)


def test_players_reach_no_table_of_notices(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET ROLE ct_player")
        for table in (
            "bot.notices",
            "bot.appeals",
            "bot.updates",
            "bot.chats",
            "game.referrals",
            "game.referral_codes",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT FROM {table}".encode())
