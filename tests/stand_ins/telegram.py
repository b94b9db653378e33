"""A Bot API server for tests.  It speaks Telegram's protocol at `url`, holds every call against Telegram's own
documentation (`bot_api.schema`), delivers updates as Telegram does, and keeps Telegram's list of the bot's Star
transactions.

The fixture `telegram_api` fails a test whose product called a method that does not exist, or one with an unknown or
ill-typed parameter.  The server runs in a thread of its own, so that a test may block, and the product may die.

    anna = telegram_api.person(language_code="ru")
    anna.says("/start")
    welcome = anna.hears("Добро пожаловать").result()       # or: await anna.hears(…)
    outcome = anna.pays(link).result()                      # pre-checkout, then the charge
    telegram_api.delivered().result()                       # the bot has taken every update
    telegram_api.book.balance                               # the bot's Stars as Telegram counts them
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from aiohttp import web

from tests.stand_ins.bot_api import schema
from tests.stand_ins.bot_api.book import Refused, StarBook
from tests.stand_ins.bot_api.delivery import Attempt, Delivery, Update, Webhook
from tests.stand_ins.bot_api.methods import Methods
from tests.stand_ins.bot_api.people import Line, Person, Soon, within
from tests.stand_ins.bot_api.world import Account, Call, Fault, World

TOKEN = "7000000001:AAE-a-token-for-tests-of-thirty-five-c"
USERNAME = "chance_tap_test_bot"

_JSON = "application/json"


@dataclass(frozen=True)
class _Api:
    """The HTTP side."""

    world: World
    methods: Methods

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.world.token:
            return _failed(Refused(401, "Unauthorized"))
        fault = self._fault(method)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault is not None and fault.code:
            more = {} if fault.retry_after is None else {"retry_after": fault.retry_after}
            return _failed(Refused(fault.code, fault.description, **more))
        answer = await self.carry_out(method, await _sent(request))
        if fault is not None and fault.lose_answer:
            assert request.transport is not None
            request.transport.close()
        return answer

    async def carry_out(self, method: str, sent: dict[str, Any]) -> web.Response:
        sent, files = _without_files(sent)
        try:
            parameters = schema.parameters(method, sent)
        except schema.Breach as breach:
            self.world.breach(str(breach))
            return _failed(Refused(400, f"Bad Request: {breach}"))
        try:
            result = await self.methods.call(method, parameters, files)
            if not self.world.is_newer:
                schema.check_result(method, result)
        except Refused as refused:
            self._called(method, parameters, _body(refused))
            return _failed(refused)
        body = {"ok": True, "result": result}
        self._called(method, parameters, body)
        return web.json_response(body)

    def _called(self, method: str, parameters: dict[str, Any], answer: dict[str, Any]) -> None:
        self.world.calls.append(Call(method, parameters, answer))
        self.world.changed()

    def _fault(self, method: str) -> Fault | None:
        for fault in self.world.faults:
            if fault.method in (method, "*") and fault.times != 0:
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None


async def _sent(request: web.Request) -> dict[str, Any]:
    """The parameters, from wherever they may be."""
    sent: dict[str, Any] = dict(request.query)
    if request.content_type == _JSON:
        sent |= json.loads(await request.read() or b"{}")
    elif request.can_read_body:
        for key, value in (await request.post()).items():
            sent[key] = value.file.read() if isinstance(value, web.FileField) else value
    return sent


def _without_files(sent: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What was sent, and the files that it brought: a field of their own each, which `attach://` names."""
    files = {key: value for key, value in sent.items() if isinstance(value, bytes)}
    return {key: value for key, value in sent.items() if key not in files}, files


def _body(refused: Refused) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": False, "error_code": refused.code, "description": refused.description}
    return body | ({"parameters": refused.parameters} if refused.parameters else {})


def _failed(refused: Refused) -> web.Response:
    return web.json_response(_body(refused), status=refused.code)


class TelegramApi:
    """The server and what a test may do with it."""

    def __init__(self, token: str = TOKEN, username: str = USERNAME) -> None:
        self.token = token
        self.username = username
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
        self._ids = iter(range(500_000_001, 600_000_000))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "the Bot API server does not start"

    def stop(self) -> None:
        self._line.now(self._end.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the Bot API server does not end"

    # What a test sees

    @property
    def book(self) -> StarBook:
        return self._world.book

    @property
    def calls(self) -> list[Call]:
        """Every call that the documentation allows, in their order."""
        return list(self._world.calls)

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    @property
    def attempts(self) -> list[Attempt]:
        """Every delivery of an update."""
        return list(self._world.delivery.attempts)

    @property
    def breaches(self) -> list[str]:
        """What the product did against the documentation; a test that means it takes them away with `forgive`."""
        return list(self._world.breaches)

    @property
    def prepared(self) -> dict[str, dict[str, Any]]:
        return dict(self._world.prepared)

    @property
    def webhook(self) -> Webhook | None:
        return self._world.delivery.webhook

    def setting(self, name: str) -> Any:
        """What the bot has set: `commands`, `commands ru`, `menu_button`, `menu_button <chat>` …"""
        return self._world.settings.get(name)

    def forgive(self) -> list[str]:
        breaches, self._world.breaches = self._world.breaches, []
        return breaches

    def grow_newer(self) -> None:
        """From now on it may say what its documentation of today does not know."""
        self._world.is_newer = True

    def until(self, holds: Callable[[], bool], within_s: float = 20) -> Soon[None]:
        """Something that this server sees."""
        return self._line.soon(within(self._world.until(holds), within_s, lambda: "it did not happen"))

    def called(self, method: str, times: int = 1, within_s: float = 20) -> Soon[None]:
        return self.until(lambda: len(self.calls_of(method)) >= times, within_s)

    def delivered(self, within_s: float = 20) -> Soon[None]:
        """The bot has taken every update, and every copy of it."""
        delivery = self._world.delivery
        failed = lambda: f"not taken: {list(delivery.pending.values())}, {delivery.attempts[-5:]}"  # noqa: E731
        return self._line.soon(within(self._world.until(lambda: delivery.is_done), within_s, failed))

    @property
    def is_quiet(self) -> bool:
        """Nothing is on its way to the bot."""
        return self._world.delivery.is_done

    # People

    def person(
        self, first_name: str = "Anna", *, language_code: str | None = "en", user_id: int | None = None, **more: Any
    ) -> Person:
        """Somebody new; `more` are fields of Telegram's `User`."""
        user = {"id": user_id or next(self._ids), "is_bot": False, "first_name": first_name, **more}
        if language_code is not None:
            user["language_code"] = language_code
        account = Account(user)
        self._line.now(lambda: self._world.accounts.__setitem__(account.id, account))
        return Person(self._world, account, self._line)

    def charges_back(self, person: Person, charge_id: str) -> None:
        """Telegram takes a payment back."""
        self._line.now(lambda: self._world.refund(person.id, charge_id))

    # Ways and faults of delivery

    def webhook_at(self, url: str, secret: str | None = None, max_connections: int = 40) -> None:
        """Deliver there, as if the bot had called setWebhook."""
        self._line.now(lambda: self._world.delivery.set_webhook(Webhook(url, secret, max_connections)))

    def tunnel(self, public: str, local: str) -> None:
        """What the bot calls `public` (an https address) is reached at `local`."""
        self._line.now(lambda: self._world.delivery.tunnels.__setitem__(public, local))

    def hold(self) -> None:
        """Keep new updates back; `held` lists them."""
        self._line.now(lambda: setattr(self._world.delivery, "holding", True))

    @property
    def held(self) -> list[Update]:
        return list(self._world.delivery.held.values())

    def release(self, updates: list[Update] | None = None) -> None:
        """Send the held ones (in this order), and hold no more."""
        delivery = self._world.delivery

        def work() -> None:
            delivery.holding = False
            delivery.release(list(delivery.held.values()) if updates is None else updates)

        self._line.now(work)

    def disturb(self, *, copies: int = 1, shuffle: Random | None = None) -> None:
        """Each update from now on is delivered so many times at least, and, with `shuffle`, in any order."""

        def work() -> None:
            self._world.delivery.copies = copies
            self._world.delivery.shuffle = shuffle

        self._line.now(work)

    def lose(self, losing: Callable[[Update], bool] | None) -> None:
        """Updates of which `losing` holds are never delivered (an outage of a day); None: no more."""
        self._line.now(lambda: setattr(self._world.delivery, "losing", losing))

    def deliver(self, update: Update) -> Soon[Attempt]:
        """One delivery more, at once, whatever the rule says."""
        return self._line.soon(self._world.delivery.post(update))

    def deliver_raw(self, body: bytes, headers: dict[str, str] | None = None) -> Soon[Attempt]:
        """These bytes to the webhook; `headers` replace Telegram's, the secret's among them."""
        return self._line.soon(self._world.delivery.post_raw(body, headers=headers))

    # Faults of calls

    def fail(
        self, method: str, code: int, description: str, *, times: int | None = 1, retry_after: int | None = None
    ) -> None:
        """The next calls of `method` ("*": of any) are answered with an error and have no effect."""
        self._add(Fault(method, times, code=code, description=description, retry_after=retry_after))

    def flood(self, method: str = "sendMessage", *, retry_after: int = 1, times: int | None = 1) -> None:
        self.fail(method, 429, f"Too Many Requests: retry after {retry_after}", times=times, retry_after=retry_after)

    def lose_answer(self, method: str, *, times: int | None = 1) -> None:
        """The next calls have their effect, and the connection breaks before the answer."""
        self._add(Fault(method, times, lose_answer=True))

    def answer_slowly(self, method: str, delay_s: float, *, times: int | None = 1) -> None:
        self._add(Fault(method, times, delay_s=delay_s))

    def mend(self) -> None:
        """No more faults."""
        self._line.now(self._world.faults.clear)

    def limit(self, *, per_second: int | None = None, pre_checkout_s: float | None = None) -> None:
        """Messages a second before 429; how long a pre-checkout query waits for its answer (10 s as Telegram)."""
        self._world.per_second = per_second
        self._world.pre_checkout_s = pre_checkout_s or self._world.pre_checkout_s

    def _add(self, fault: Fault) -> None:
        self._line.now(lambda: self._world.faults.append(fault))

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        self._line = Line(asyncio.get_running_loop())
        self._world = World(self.token, self.username, Delivery())
        async with _serving(self._world) as self.url:
            self._ready.set()
            await self._end.wait()


@asynccontextmanager
async def _serving(world: World) -> AsyncIterator[str]:
    api = _Api(world, Methods(world))
    in_webhooks: set[asyncio.Task[web.Response]] = set()

    def call_in_webhook(call: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(api.carry_out(call.pop("method"), call))
        in_webhooks.add(task)
        task.add_done_callback(in_webhooks.discard)

    world.delivery.on_change = world.changed
    world.delivery.on_call = call_in_webhook
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/bot{token}/{method}", api.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await world.delivery.open()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await world.delivery.close()
        await runner.cleanup()


@pytest.fixture
def telegram_api() -> Iterator[TelegramApi]:
    """A Bot API server with one bot; `url` and `token` are the product's settings."""
    api = TelegramApi()
    api.start()
    yield api
    api.stop()
    assert not api.breaches, f"against the Bot API's documentation: {api.breaches}"
