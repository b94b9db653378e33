"""What the bot notifies of by itself: only where the app is closed, once, within Telegram's limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from aiogram import Bot

from chance_tap.settings import Settings
from persistence.postgres import notices
from persistence.postgres import telegram_chats as memory
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore
from persistence.rooms.join_requests import Joined
from persistence.rooms.seats import Seats
from persistence.telegram import make_bot
from tests.bot.conftest import Telegram
from tests.fixtures.accounts import new_player
from tests.fixtures.postgres import Execute
from tests.fixtures.waiting import eventually
from workers.loops.notifications import NotificationLoop, notify
from workers.loops.room_reminders import RoomReminders

BODY = b"x" * 32


class Queue:
    """Runs no job by itself."""

    def __init__(self) -> None:
        self.jobs: list[int] = []

    async def enqueue_job(self, name: str, notice_id: int) -> None:
        assert name == "notify"
        self.jobs.append(notice_id)


@dataclass
class Worker:
    """A worker's rounds by hand."""

    settings: Settings
    live: RedisStore
    db: Database
    bot: Bot
    queue: Queue

    def __post_init__(self) -> None:
        self.turn = asyncio.Lock()
        self.watch = RoomReminders(self.live, self.db, self.settings)
        self.loop = NotificationLoop(self.live, self.db, self.queue, has_bot=True)  # type: ignore[arg-type]

    @property
    def ctx(self) -> dict[Any, Any]:
        return {"db": self.db, "bot": self.bot, "turn": self.turn, "settings": self.settings}

    async def work(self) -> None:
        """Look, and do every job that was queued, twice: a queue may deliver twice."""
        await self.loop.round()
        jobs, self.queue.jobs = self.queue.jobs * 2, []
        for notice_id in jobs:
            await notify(self.ctx, notice_id)

    async def player(self, telegram_id: int, language: str = "en") -> int:
        return await new_player(self.db, 1000, telegram_id=telegram_id, name="P", language=language)


@pytest_asyncio.fixture
async def worker(bot_settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[Worker]:
    bot = make_bot(bot_settings)
    yield Worker(bot_settings, live, db, bot, Queue())
    await bot.session.close()


async def is_present(live: RedisStore, user_id: int) -> bool:
    return bool(await live.presence.present([str(user_id)], live.now_ms()))


def room_of(joined: Joined) -> RoomState:
    assert joined.room_state is not None
    return joined.room_state


def add(execute: Execute, user_id: int, kind: str = "prize", amount: int = 90, subject: str = "r") -> int:
    ((notice_id,),) = execute(
        "INSERT INTO bot.notices (user_id, kind, subject, amount) VALUES (%s, %s, %s, %s) RETURNING notice_id",
        user_id, kind, subject, amount,
    )  # fmt: skip
    return int(notice_id)


def states(execute: Execute) -> list[str | None]:
    return [row[0] for row in execute("SELECT delivery FROM bot.notices ORDER BY notice_id")]


async def test_a_prize_is_told_once_in_the_player_s_language(
    worker: Worker, telegram: Telegram, execute: Execute
) -> None:
    add(execute, await worker.player(7, "ru"))
    add(execute, await worker.player(8, "en"))
    for _ in range(3):
        await worker.work()
    said = {call["chat_id"]: call["text"] for call in telegram.said()}
    assert said == {"7": "Вы победили! Приз: 90 ⭐", "8": "You won! Your prize: 90 ⭐"}
    assert len(telegram.calls) == 2
    assert states(execute) == ["sent", "sent"]


@pytest.mark.parametrize(
    ("kind", "reason", "ru", "en"),
    [
        ("withdrawal_sent", "ton", "Вывод отправлен: 90 ⭐", "on its way: 90 ⭐ as TON"),
        ("withdrawal_sent", "premium", "Telegram Premium за 90 ⭐ ваш", "Premium for 90 ⭐ is yours"),
        ("withdrawal_return", "refused", "Вывод отклонён, 90 ⭐", "declined; 90 ⭐"),
        ("withdrawal_return", "failed", "Вывод не состоялся, 90 ⭐", "did not go through; 90 ⭐"),
        ("payment_refund", "operator", "Платёж возвращается: 90 ⭐", "is being refunded: 90 ⭐"),
        ("payment_refund", "refused", "Вернуть платёж не удалось, 90 ⭐", "could not be refunded; 90 ⭐"),
        ("debt", "settle", "90 ⭐ пошли в счёт долга", "90 ⭐ went towards your debt"),
    ],
)
async def test_what_became_of_a_payment_is_told(
    worker: Worker, telegram: Telegram, execute: Execute, kind: str, reason: str, ru: str, en: str
) -> None:
    for telegram_id, language in ((7, "ru"), (8, "en")):
        notice_id = add(execute, await worker.player(telegram_id, language), kind)
        execute("UPDATE bot.notices SET reason = %s WHERE notice_id = %s", reason, notice_id)
    await worker.work()
    said = {call["chat_id"]: call["text"] for call in telegram.said()}
    assert (ru in said["7"], en in said["8"]) == (True, True), said


async def test_whoever_has_the_app_open_is_left_in_peace(
    worker: Worker, telegram: Telegram, execute: Execute, live: RedisStore
) -> None:
    one, two = await worker.player(7), await worker.player(8)
    live.presence.say([str(one), str(two)])
    live.presence.say([str(two)], present=False)
    assert (await is_present(live, one), await is_present(live, two)) == (True, False)
    add(execute, one)
    add(execute, two)
    await worker.work()
    assert [call["chat_id"] for call in telegram.said()] == ["8"]
    assert states(execute) == ["app_open", "sent"]
    assert not await live.presence.present([str(one)], live.now_ms() + 46_000)  # a dead gateway's word lapses


async def test_a_chat_that_blocked_the_bot_is_not_written_to_again(
    worker: Worker, telegram: Telegram, execute: Execute
) -> None:
    user_id = await worker.player(7)
    telegram.refusals["sendMessage"] = [(403, "Forbidden: bot was blocked by the user", {})]
    add(execute, user_id)
    await worker.work()
    add(execute, user_id, subject="later")
    await worker.work()
    assert len(telegram.calls) == 1
    assert states(execute) == ["refused", "no_chat"]
    await memory.set_can_write(worker.db, 7, True)
    add(execute, user_id, subject="after /start")
    execute("UPDATE bot.notices SET delivery_at = delivery_at - interval '2 seconds'")
    await worker.work()
    assert len(telegram.calls) == 2


async def test_flood_control_is_honoured_by_everybody(worker: Worker, telegram: Telegram, execute: Execute) -> None:
    for number in (7, 8):
        add(execute, await worker.player(number))
    telegram.refusals["sendMessage"] = [(429, "Too Many Requests: retry after 30", {"retry_after": 30})]
    await worker.loop.round()
    first, second = worker.queue.jobs
    await notify(worker.ctx, first)
    assert len(telegram.calls) == 1
    waiting = await notices.claim_delivery(worker.db, second, per_s=25)
    assert waiting is not None
    assert 25 < waiting.wait_s <= 30
    assert states(execute) == [None, None]
    execute("UPDATE bot.pace SET next_at = now()")
    await notify(worker.ctx, second)
    assert len(telegram.calls) == 2


async def test_together_all_workers_keep_the_pace_and_a_chat_has_its_own(
    worker: Worker, telegram: Telegram, execute: Execute
) -> None:
    ids = [add(execute, await worker.player(number)) for number in range(1, 6)]
    began = [await notices.claim_delivery(worker.db, notice_id, per_s=0.5) for notice_id in ids]
    assert [each is not None and each.wait_s > 0 for each in began] == [False, True, True, True, True]
    execute("UPDATE bot.pace SET next_at = '-infinity'")
    ((user_id,),) = execute("SELECT user_id FROM bot.notices WHERE notice_id = %s", ids[0])
    same_chat = await notices.claim_delivery(worker.db, add(execute, user_id, subject="second"), per_s=25)
    assert same_chat is not None
    assert 0 < same_chat.wait_s <= 1
    racers = await asyncio.gather(*(notices.claim_delivery(worker.db, ids[1], per_s=1000) for _ in range(10)))
    assert sum(each is not None and each.wait_s == 0 for each in racers) == 1


async def test_jobs_of_a_worker_take_turns_instead_of_asking_all_at_once(
    worker: Worker, telegram: Telegram, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(execute, await worker.player(number)) for number in range(1, 9)]
    asked: list[int] = []
    begin = notices.claim_delivery

    async def counted(db: Database, notice_id: int, *, per_s: float) -> notices.Delivery | None:
        asked.append(notice_id)
        return await begin(db, notice_id, per_s=per_s)

    monkeypatch.setattr(notices, "claim_delivery", counted)
    await asyncio.gather(*(notify(worker.ctx, notice_id) for notice_id in ids * 2))
    assert len(telegram.calls) == len(ids)
    # Each is asked for once when it may be said, as often again as somebody must wait, and once more by its double.
    assert len(asked) <= 4 * len(ids)


async def test_an_answer_that_never_came_is_not_asked_for_twice(
    worker: Worker, telegram: Telegram, execute: Execute
) -> None:
    add(execute, await worker.player(7))
    telegram.refusals["sendMessage"] = [(502, "Bad Gateway", {})]
    for _ in range(3):
        await worker.work()
    assert len(telegram.calls) == 1
    assert states(execute) == ["sending"]


async def test_what_is_late_or_has_no_chat_or_no_bot_is_closed(
    worker: Worker, telegram: Telegram, execute: Execute
) -> None:
    add(execute, await worker.player(7))
    execute("UPDATE bot.notices SET expires_at = now() - interval '1 second'")
    add(execute, await worker.player(8))
    execute("UPDATE auth.users SET telegram_id = NULL WHERE telegram_id = 8")
    await worker.work()
    assert (states(execute), telegram.calls) == (["late", "no_chat"], [])
    add(execute, await worker.player(9))
    await NotificationLoop(worker.live, worker.db, worker.queue, has_bot=False).round()  # type: ignore[arg-type]
    assert states(execute)[-1] == "no_bot"


async def test_a_game_that_begins_is_told_to_whoever_is_away(
    worker: Worker, telegram: Telegram, live: RedisStore, execute: Execute
) -> None:
    here, away = await worker.player(7), await worker.player(8)
    seats = Seats(live, worker.db, worker.settings)
    for user_id in (here, away):
        room_id = room_of(await seats.join(user_id, 50, IdempotencyKey("/join", f"key-{user_id}", BODY))).room_id
    live.presence.say([str(here)])
    await worker.watch.round()
    assert execute("SELECT FROM bot.notices") == []

    async def begun() -> bool:
        return (await live.rooms.tick(room_id)).state != "waiting"

    await eventually("the game begins", begun)
    for _ in range(2):
        await worker.watch.round()
        await RoomReminders(live, worker.db, worker.settings).round()  # another worker, or this one after a death
    await worker.work()
    assert [(call["chat_id"], call["text"]) for call in telegram.said()] == [
        ("8", "Your game for 50 ⭐ is starting! Join quickly!")
    ]
    assert execute("SELECT kind, user_id, room_id FROM bot.notices") == [("game_starts", away, room_id)]


async def test_a_hero_room_in_its_last_minute(
    worker: Worker, telegram: Telegram, live: RedisStore, execute: Execute
) -> None:
    for wait_s, told in ((300, 0), (40, 2)):
        organizer, player = await worker.player(wait_s), await worker.player(wait_s + 1, "ru")
        seats = Seats(live, worker.db, replace(worker.settings, hero_wait_s=wait_s))
        room = room_of(await seats.create_hero(organizer, 20, IdempotencyKey("/rooms", "k1", BODY)))
        assert room.key is not None
        await seats.join_by_key(player, room.key, IdempotencyKey("/by-key", "k2", BODY))
        for _ in range(3):
            await worker.watch.round()
        assert execute("SELECT count(*) FROM bot.notices WHERE kind = 'room_expires'") == [(told,)]
    execute("UPDATE bot.pace SET next_at = '-infinity'")
    await worker.work()
    assert sorted(call["chat_id"] for call in telegram.said()) == ["40", "41"]
