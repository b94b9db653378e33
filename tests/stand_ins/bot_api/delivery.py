"""How updates reach the bot: by webhook with the secret header, again and again until it answers 2xx, or by getUpdates.

The rule of Telegram (first again after 1 s, then doubled up to a minute, `Retry-After` honoured) is kept at a fiftieth
of its times.  Disturbances are the test's: updates doubled, held back, shuffled, lost.
"""

import asyncio
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from tests.stand_ins.bot_api.schema import DEFAULT_KINDS

SCALE = 0.02
_FIRST_S = 1.0 * SCALE
_LONGEST_S = 60.0 * SCALE
_ANSWER_S = 60.0

Update = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One delivery; `status` 0: nobody answered."""

    update_id: int
    kind: str
    status: int
    body: bytes
    retry_after_s: float = 0.0


@dataclass
class Webhook:
    url: str
    secret: str | None
    max_connections: int = 40


class Delivery:
    """`pending` are the updates that the bot has not taken; `held` those that the test keeps back."""

    def __init__(self) -> None:
        self.webhook: Webhook | None = None
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.pending: dict[int, Update] = {}
        self.held: dict[int, Update] = {}
        self.attempts: list[Attempt] = []
        self.holding = False
        self.losing: Callable[[Update], bool] | None = None
        self.copies = 1
        self.shuffle: random.Random | None = None
        self.tunnels: dict[str, str] = {}
        self.on_change: Callable[[], None] = lambda: None
        self.on_call: Callable[[dict[str, Any]], None] = lambda call: None
        self.last_error: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(40)

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_S))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def accept(self, update: Update) -> None:
        if kind_of(update) not in self.allowed or (self.losing is not None and self.losing(update)):
            return
        if self.holding:
            self.held[update["update_id"]] = update
        else:
            self._queue(update)

    def release(self, updates: list[Update]) -> None:
        """Send what was held, in this order."""
        for update in updates:
            self.held.pop(update["update_id"], None)
            self._queue(update)

    @property
    def is_done(self) -> bool:
        """The bot has taken every update, and every copy of it."""
        return not self.pending and not self._tasks

    def set_webhook(self, webhook: Webhook | None) -> None:
        self.webhook = webhook
        if webhook is not None:
            self._slots = asyncio.Semaphore(webhook.max_connections)
            for update in self.pending.values():
                self._start(update)

    def confirm(self, offset: int) -> None:
        """getUpdates with an offset: what lies before it is done."""
        for update_id in [one for one in self.pending if one < offset]:
            del self.pending[update_id]
        self.on_change()

    async def post(self, update: Update) -> Attempt:
        """One delivery of one update."""
        return await self.post_raw(orjson.dumps(update), update["update_id"], kind_of(update))

    async def post_raw(
        self, body: bytes, update_id: int = 0, kind: str = "raw", headers: dict[str, str] | None = None
    ) -> Attempt:
        """One delivery of these bytes; `headers` replace Telegram's."""
        assert self.webhook is not None, "the bot has set no webhook"
        assert self._session is not None
        if headers is None:
            headers = {"content-type": "application/json"}
            if self.webhook.secret is not None:
                headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook.secret
        address = self._address(self.webhook.url)
        try:
            async with self._session.post(address, data=io.BytesIO(body), headers=headers) as answer:
                retry_after_s = float(answer.headers.get("Retry-After", "0"))
                attempt = Attempt(update_id, kind, answer.status, await answer.read(), retry_after_s)
        except (aiohttp.ClientError, TimeoutError) as error:
            attempt = Attempt(update_id, kind, 0, repr(error).encode())
        self.attempts.append(attempt)
        if not taken(attempt):
            words = f"Wrong response from the webhook: {attempt.status}" if attempt.status else "Connection refused"
            self.last_error = words
        return attempt

    def _address(self, url: str) -> str:
        for public, local in self.tunnels.items():
            if url.startswith(public):
                return local + url.removeprefix(public)
        return url

    def _queue(self, update: Update) -> None:
        self.pending[update["update_id"]] = update
        if self.webhook is not None:
            self._start(update)
        self.on_change()

    def _start(self, update: Update) -> None:
        for _ in range(self.copies):
            task = asyncio.get_running_loop().create_task(self._deliver(update))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self.on_change()

    async def _deliver(self, update: Update) -> None:
        """Until the bot has taken this copy, or the webhook is gone."""
        wait_s = _FIRST_S
        if self.shuffle is not None:
            await asyncio.sleep(self.shuffle.random() * 10 * SCALE)
        while self.webhook is not None:
            async with self._slots:
                attempt = await self.post(update)
            if taken(attempt):
                self.pending.pop(update["update_id"], None)
                self._answer_in_webhook(attempt.body)
                self.on_change()
                return
            self.on_change()
            await asyncio.sleep(max(wait_s, attempt.retry_after_s * SCALE))
            wait_s = min(wait_s * 2, _LONGEST_S)

    def _answer_in_webhook(self, body: bytes) -> None:
        """A bot may put one call into its answer."""
        try:
            call = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if isinstance(call, dict) and "method" in call:
            self.on_call(call)


def kind_of(update: Update) -> str:
    return next(key for key in update if key != "update_id")


def taken(attempt: Attempt) -> bool:
    return 200 <= attempt.status < 300
