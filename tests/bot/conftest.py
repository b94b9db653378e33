"""A gateway with a webhook, a Bot API that writes down what it is asked, and people who write to the bot."""

import itertools
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiogram.client.session.base import BaseSession
from aiohttp import web
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.app import build_app
from gateway.routes.telegram import PATH
from persistence.payments.stars import StarPayments
from persistence.postgres.access import ROLES, Part
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.telegram import make_bot
from tests.fixtures.postgres import login_url
from tests.rest.conftest import as_gateway, hold_against_the_document
from tests.stand_ins.bot_api import schema
from workers.loops.errands import ErrandLoop

TOKEN = "7000000001:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"
SECRET = "a_webhook-secret_of_37_characters_1234"
MINI_APP = "https://app.example.org/"
_ids = itertools.count(1)


@dataclass
class Telegram:
    """What the bot asked of it, in order; `refusals` are given first, by method: (status, description, parameters)."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: dict[str, list[tuple[int, str, dict[str, Any]]]] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        assert request.match_info["token"] == TOKEN
        method = request.match_info["method"]
        form = await request.post()
        sent: dict[str, Any] = {key: value for key, value in form.items() if isinstance(value, str)}
        try:
            schema.parameters(method, sent)
        except schema.Breach as breach:
            self.breaches.append(str(breach))
        picture = form.get(sent.get("photo", "").removeprefix("attach://"))
        if isinstance(picture, web.FileField):
            sent["photo"] = picture.file.read()
        self.calls.append((method, sent))
        waiting = self.refusals.get(method)
        if waiting:
            status, description, parameters = waiting.pop(0)
            body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
            return web.json_response(body, status=status)
        result = self.results.get(method, True)
        if method in ("sendMessage", "sendPhoto"):
            chat = {"id": int(sent["chat_id"]), "type": "private"}
            result = {"message_id": next(_ids), "date": int(time.time()), "chat": chat, "text": sent.get("text", "")}
        return web.json_response({"ok": True, "result": result})

    def said(self, method: str = "sendMessage") -> list[dict[str, Any]]:
        """What was sent by this method."""
        return [call for name, call in self.calls if name == method]

    @property
    def last(self) -> str:
        return str(self.said()[-1]["text"])


class NoNetwork(BaseSession):
    """What aiogram sends is answered by whoever derives from it."""

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        raise AssertionError("no files")
        yield b""


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[Telegram]:
    peer = Telegram()
    application = web.Application()
    application.router.add_post("/bot{token}/{method}", peer.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    peer.url = f"http://{host}:{port}"
    yield peer
    await runner.cleanup()
    assert peer.breaches == [], "against the Bot API's documentation"


@pytest.fixture
def bot_settings(settings: Settings, telegram: Telegram) -> Settings:
    return replace(
        settings,
        bot_token=TOKEN,
        telegram_api_url=telegram.url,
        telegram_webhook_secret=SECRET,
        mini_app_url=MINI_APP,
        bot_username="chance_tap_bot",
    )


@pytest_asyncio.fixture
async def app(bot_settings: Settings) -> AsyncIterator[Starlette]:
    application = build_app(as_gateway(bot_settings))
    async with application.router.lifespan_context(application):
        yield application


@pytest_asyncio.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        opened.event_hooks["response"].append(hold_against_the_document)
        yield opened


class Chats:
    """Sends updates as Telegram would."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def deliver(self, body: Any, secret: str | None = SECRET) -> int:
        headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
        if isinstance(body, bytes):
            return (await self._client.post(PATH, content=body, headers=headers)).status_code
        return (await self._client.post(PATH, json=body, headers=headers)).status_code

    async def write(self, text: str, telegram_id: int = 7, **more: Any) -> int:
        """A message in a private chat."""
        return await self.deliver(message(telegram_id, text=text, **more))


def update(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"update_id": next(_ids), kind: content}


def person(telegram_id: int, **more: Any) -> dict[str, Any]:
    return {"id": telegram_id, "is_bot": False, "first_name": f"Player {telegram_id}", "language_code": "ru"} | more


def message(telegram_id: int, *, sender: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    text = content.get("text", "")
    if text.startswith("/"):
        command = text.split()[0]
        content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
    chat = {"id": telegram_id, "type": "private", "first_name": f"Player {telegram_id}"}
    head = {"message_id": next(_ids), "date": int(time.time()), "chat": chat, "from": person(telegram_id)}
    return update("message", head | {"from": person(telegram_id, **(sender or {}))} | content)


async def press(chats: Chats, data: str, telegram_id: int = 7) -> int:
    """A button under a message of the bot."""
    chat = {"id": telegram_id, "type": "private"}
    message = {"message_id": 1, "date": int(time.time()), "chat": chat, "text": "x"}
    query = {"id": "1", "from": person(telegram_id), "chat_instance": "1", "data": data, "message": message}
    return await chats.deliver(update("callback_query", query))


class Orders:
    """What an admin writes, and the worker's rounds that follow it."""

    def __init__(self, chats: Chats, loop: ErrandLoop) -> None:
        self._chats = chats
        self._loop = loop

    async def say(self, text: str, telegram_id: int = 7) -> None:
        assert await self._chats.write(text, telegram_id) == 200
        while await self._loop.round() == 0:
            pass


@pytest_asyncio.fixture
async def orders(chats: Chats, bot_settings: Settings, live: RedisStore) -> AsyncIterator[Orders]:
    url = login_url(bot_settings.database_url, "worker")
    db = await Database.open(url, name="worker", roles=ROLES[Part.WORKER])
    bot = make_bot(bot_settings)
    stars = StarPayments(live, db, bot, bot_settings)
    yield Orders(chats, ErrandLoop(live, db, bot, stars, bot_settings))
    await bot.session.close()
    await db.close()


@pytest.fixture
def chats(client: httpx.AsyncClient) -> Chats:
    return Chats(client)
