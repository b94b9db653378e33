"""What two real workers say by themselves, through the job queue: only to whom the app is closed, and once."""

import time
from collections.abc import Callable

import psycopg

from gateway.ws.frames import CloseCode
from persistence.redis.store import RedisStore
from tests.end_to_end.player import Player
from tests.fixtures.outside import WEBHOOK_SECRET, bot_environment
from tests.fixtures.stack import Stack
from tests.fixtures.stores import open_live
from tests.fixtures.waiting import eventually
from tests.stand_ins.telegram import TelegramApi

STAKE, LONELY_STAKE = 20, 50
FLOOD_S = 2
NAMES = (("Аня", "ru"), ("Ben", "en"), ("Cleo", "en"))
RULES = {"CAPACITY": "2", "COUNTDOWN_S": "2", "GAME_S": "8", "WAIT_S": "3", "HERO_WAIT_S": "5"}


async def test_players_whose_app_is_closed_hear_of_their_game_their_prize_and_their_stake(
    make_stack: Callable[..., Stack], telegram_api: TelegramApi, database_url: str, redis_url: str
) -> None:
    stack = make_stack(**RULES, **bot_environment(telegram_api) | {"DEMO_STARS": "1000"})
    stack.run("worker-2", ["worker"])
    telegram_api.webhook_at(f"{stack.url}/telegram/webhook", WEBHOOK_SECRET)
    people = [telegram_api.person(name, language_code=code) for name, code in NAMES]
    for person in people:
        person.says("/start")
    anna, ben, cleo = [await Player.log_in(person, stack.url) for person in people]
    for person in people:
        await person.hears("Chance Tap")
    async with open_live(redis_url) as live:
        # Ben's app is closed when his game begins.  Telegram has enough of the bot just then.
        telegram_api.flood("sendMessage", retry_after=FLOOD_S)
        began = time.monotonic()
        # Cleo is alone in hers: her stake comes back.
        await closed(ben, live)
        await closed(cleo, live)
        await cleo.post("/rooms/join", {"stake": LONELY_STAKE})
        for player in (ben, anna):
            room_id = (await player.post("/rooms/join", {"stake": STAKE}))["room"]["room_id"]
        await ben.person.hears(f"Your game for {STAKE} ⭐ is starting!")
        assert time.monotonic() - began >= FLOOD_S

        await cleo.person.hears(f"The game did not take place. Returned: {LONELY_STAKE} ⭐")

        # He comes, taps, and is gone again before he has won.
        await ben.open_app()
        await ben.taps(room_id, 7)
        await closed(ben, live)
        await ben.person.hears(f"You won! Your prize: {2 * STAKE} ⭐")

        # A hero room that its organizer forgot.  She comes back, and sees for herself that it has lapsed.
        await closed(anna, live)
        key = (await anna.post("/rooms", {"fee": STAKE}))["room"]["key"]
        await cleo.post("/rooms/join-by-key", {"key": key})
        await anna.person.hears(f"Hero-комната за {STAKE} ⭐ закроется меньше чем через минуту")
        await anna.open_app()
        await cleo.person.hears(f"Returned: {STAKE} ⭐", after=2)

        # An admin bans her from the chat while she plays with the app open: it is shut, and she is told why.
        await cleo.open_app()
        await cleo.post("/rooms/join", {"stake": STAKE})
        await banned_by(ben, cleo, database_url)
        assert await cleo.socket.closed() == CloseCode.BANNED
        assert (await cleo.http.get("/me")).json()["code"] == "banned"
        await cleo.person.hears("Your account is blocked. Reason: two accounts.")
    await everything_said(database_url)

    assert [len(person.inbox) - 1 for person in people] == [1, 3, 4]  # but for the welcome
    assert told(database_url) == {"app_open": 1, "sent": 7}
    assert stack.errors() == []
    for player in (anna, ben, cleo):
        await player.close()


async def banned_by(admin: Player, player: Player, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE auth.users SET role = 'admin' WHERE user_id = %s", (int(admin.user_id),))
    admin.person.says(f"/ban telegram:{player.person.id} two accounts")
    await admin.person.hears(f"ban {player.user_id}: ok")


async def closed(player: Player, live: RedisStore) -> None:
    """The app is closed, and the gateway has said so."""
    player.close_app()

    async def away() -> bool:
        return not await live.presence.present([player.user_id], live.now_ms())

    await eventually("the player is away", away)


async def everything_said(database_url: str) -> None:
    unsaid = "delivery IS NULL OR delivery = 'sending'"
    await eventually("every notice is sent", lambda: not told(database_url, unsaid))


def told(database_url: str, which: str = "true") -> dict[str, int]:
    """How many notices, by what the bot did about them."""
    with psycopg.connect(database_url) as connection:
        query = f"SELECT coalesce(delivery, 'waits'), count(*) FROM bot.notices WHERE {which} GROUP BY 1"
        return {str(name): int(number) for name, number in connection.execute(query.encode()).fetchall()}
