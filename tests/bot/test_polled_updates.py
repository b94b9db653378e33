"""Updates that are asked for: each by itself, whatever stands before it in Telegram's list."""

import asyncio
import contextlib
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import ChatMemberUpdated, Message
from structlog.testing import capture_logs

from bot import polling
from bot.services import Services
from bot.updates import Updates
from persistence.errors import StoreUnavailable, TelegramUnavailable
from persistence.postgres import telegram_chats
from tests.bot.conftest import TOKEN, NoNetwork, message
from tests.bot.test_webhook import counted


class Queue(NoNetwork):
    """Telegram's list of updates: from an offset on, at most so many, and never again what an offset confirmed."""

    def __init__(self, *updates: bytes) -> None:
        super().__init__()
        self.updates = list(updates)
        self.asked: list[tuple[int, int]] = []
        self.is_empty = asyncio.Event()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - the base class's
    ) -> TelegramType:
        offset, limit = cast(Any, method).offset, cast(Any, method).limit
        self.asked.append((offset, limit))
        confirmed = [
            at for at, each in enumerate(self.updates) for n in range(offset) if b'"update_id": %d,' % n in each
        ]
        del self.updates[: max(confirmed, default=-1) + 1]  # what has no number of its own goes with what follows it
        if not any(b"update_id" in each for each in self.updates):
            self.is_empty.set()
            await asyncio.Event().wait()
        page = b'{"ok": true, "result": [' + b",".join(self.updates[:limit]) + b"]}"
        try:
            content = page.decode()
        except UnicodeDecodeError:
            content = page.decode("latin-1")
            page.decode()
        return cast(TelegramType, self.check_response(bot, method, 200, content).result)


class World:
    """What the bot did with updates, and how often it shall fail at which text."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.failing: dict[str, list[Exception]] = {}
        self.remembered: set[int] = set()

    async def poll(self, queue: Queue) -> None:
        """Until Telegram has nothing more."""
        dispatcher = Dispatcher(disable_fsm=True)

        @dispatcher.message()
        async def on_message(heard: Message) -> None:
            self.heard.append(heard.text or "")
            failures = self.failing.get(heard.text or "")
            if failures:
                raise failures.pop()

        @dispatcher.my_chat_member()
        async def on_member(_: ChatMemberUpdated) -> None:
            self.heard.append("member")

        services = cast(Services, SimpleNamespace(db=None))
        asking = asyncio.create_task(polling.poll(Updates(services, Bot(TOKEN, session=queue), dispatcher)))
        emptied = asyncio.create_task(queue.is_empty.wait())
        with capture_logs():  # printed, a traceback through aiogram's models takes seconds
            async with asyncio.timeout(20):
                await asyncio.wait({asking, emptied}, return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    async def is_handled(_: Any, update_id: int) -> bool:
        return update_id in made.remembered

    async def note_handled(_: Any, update_id: int) -> None:
        made.remembered.add(update_id)

    monkeypatch.setattr(telegram_chats, "is_handled", is_handled)
    monkeypatch.setattr(telegram_chats, "note_handled", note_handled)
    for name in ("FIRST_PAUSE_S", "LONGEST_PAUSE_S", "WAITING_PAUSE_S"):
        monkeypatch.setattr(polling, name, 0.001)
    return made


def said(number: int, text: str) -> bytes:
    return json.dumps({"update_id": number, "message": message(7, text=text)["message"]}).encode()


MEMBER = b"""{"update_id": 2, "my_chat_member": {"chat": {"id": 7, "type": "private"}, "date": 1,
 "from": {"id": 7, "is_bot": false, "first_name": "x"},
 "old_chat_member": {"status": "member", "user": {"id": 1, "is_bot": true, "first_name": "b"}},
 "new_chat_member": {"status": "guest of next year", "user": {"id": 1, "is_bot": true, "first_name": "b"}}}}"""

UNREADABLE = {
    "a status of next year": (MEMBER, "unknown"),
    "a message that is a number": (b'{"update_id": 2, "message": 7}', "unknown"),
    "a date that is none": (b'{"update_id": 2, "message": {"message_id": 1, "date": NaN, "chat": 7}}', "unknown"),
    "a kind of next year": (b'{"update_id": 2, "telepathy": {}}', "unknown"),
    "depth": (b'{"update_id": 2, "message": ' + b"[" * 3000 + b"]" * 3000 + b"}", "unknown"),
    "a number of a thousand digits": (b'{"update_id": 2, "message": ' + b"9" * 9000 + b"}", "unknown"),
    "bytes that are no text": (b'{"update_id": 2, "message": {"text": "\xff\xfe"}}', "unknown"),
    "a number": (b"7", "malformed"),
    "a list": (b'[{"a": 1}]', "malformed"),
    "no number of its own": (b'{"message": {"text": "x"}}', "malformed"),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_one_that_cannot_be_read_hides_no_other(world: World, name: str) -> None:
    bad, outcome = UNREADABLE[name]
    before = counted(outcome)
    await world.poll(Queue(said(1, "before"), bad, said(3, "a payment"), said(4, "and more")))
    assert world.heard == ["before", "a payment", "and more"]
    assert counted(outcome) >= before + 1


async def test_many_that_cannot_be_read_hide_no_other_either(world: World) -> None:
    deep = b"[" * 3000 + b"]" * 3000
    bad = [b'{"update_id": %d, "message": %s}' % (n, (deep, b"7", b'{"x": "\\ud800"}')[n % 3]) for n in range(1, 40)]
    await world.poll(Queue(*bad, said(40, "a payment")))
    assert world.heard == ["a payment"]


async def test_one_that_fails_holds_up_no_other_and_comes_again(world: World) -> None:
    world.failing = {
        "a": [ValueError("a defect")] * 3,
        "c": [StoreUnavailable("postgres")] * 2,
        "d": [TelegramUnavailable("flood control", 0.01)],
    }
    await world.poll(Queue(*(said(number, text) for number, text in enumerate("abcdef", start=1))))
    assert world.heard[:6] == list("abcdef")
    assert {text: world.heard.count(text) for text in "abcdef"} == {"a": 4, "b": 1, "c": 3, "d": 2, "e": 1, "f": 1}
    assert world.remembered == {1, 2, 3, 4, 5, 6}


async def test_what_was_dealt_with_is_not_done_again_while_nothing_can_be_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> bool:
        raise StoreUnavailable("postgres")

    monkeypatch.setattr(telegram_chats, "is_handled", away)
    monkeypatch.setattr(telegram_chats, "note_handled", away)
    world.failing = {"a": [StoreUnavailable("postgres")] * 4}
    await world.poll(Queue(said(1, "a"), said(2, "b"), said(3, "c")))
    assert sorted(world.heard) == ["a"] * 5 + ["b", "c"]


async def test_a_whole_page_that_fails_does_not_hide_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "PAGE", 3)
    world.failing = {text: [ValueError("a defect")] * 100 for text in "abc"}
    await world.poll(Queue(*(said(number, text) for number, text in enumerate("abcde", start=1))))
    assert {text: world.heard.count(text) for text in "abcde"} == {"a": 5, "b": 5, "c": 5, "d": 1, "e": 1}
