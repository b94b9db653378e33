"""People who talk to the bot and pay its invoices; made by `TelegramApi.person`."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from tests.stand_ins.bot_api.world import Account, Invoice, Received, World

T = TypeVar("T")


class Soon(Generic[T]):
    """What the server is doing meanwhile: `await` it where the product runs on the test's own loop, else
    `result()`."""

    def __init__(self, future: "Future[T]") -> None:
        self._future = future

    def result(self, timeout_s: float = 30.0) -> T:
        return self._future.result(timeout_s)

    def done(self) -> bool:
        return self._future.done()

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()


@dataclass(frozen=True)
class Line:
    """Runs things on the server's loop: at once (`now`) or meanwhile (`soon`)."""

    loop: asyncio.AbstractEventLoop

    def soon(self, work: Coroutine[Any, Any, T]) -> Soon[T]:
        return Soon(asyncio.run_coroutine_threadsafe(work, self.loop))

    def now(self, do: Callable[[], T]) -> T:
        async def work() -> T:
            return do()

        return self.soon(work()).result()


@dataclass(frozen=True)
class Outcome:
    """How a payment ended for the person: charged (then with its id), or refused with these words."""

    charge_id: str | None
    words: str | None = None
    late: bool = False

    @property
    def paid(self) -> bool:
        return self.charge_id is not None


class Person:
    """`inbox` is what the bot wrote to them."""

    def __init__(self, world: World, account: Account, line: Line) -> None:
        self._world = world
        self._account = account
        self._line = line

    @property
    def id(self) -> int:
        return self._account.id

    @property
    def user(self) -> dict[str, Any]:
        return self._account.user

    @property
    def inbox(self) -> list[Received]:
        return list(self._account.inbox)

    @property
    def premium_months(self) -> int:
        """Given by the bot."""
        return self._world.premium.get(self.id, 0)

    def says(self, text: str) -> dict[str, Any]:
        """Write to the bot; the update."""
        command = text.split()[0] if text.startswith("/") else ""
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if command else []
        content = {"text": text} | ({"entities": entities} if entities else {})
        return self._line.now(lambda: self._world.message_to_bot(self._account, **content))

    def shares_contact(self, phone_number: str, owner: "Person | None" = None) -> dict[str, Any]:
        """Their own, or somebody else's."""
        whose = (owner or self).user
        contact = {"phone_number": phone_number, "first_name": whose["first_name"], "user_id": whose["id"]}
        return self._line.now(lambda: self._world.message_to_bot(self._account, contact=contact))

    def presses(self, button: dict[str, Any], message: Received) -> Soon[dict[str, Any]]:
        """Press a button with callback data: how the bot answered the query."""
        query_id = str(self._line.now(self._world.number))

        async def work() -> dict[str, Any]:
            self._world.pressed[query_id] = None
            query = {"id": query_id, "from": self.user, "chat_instance": f"{self.id}", "data": button["callback_data"]}
            self._world.push("callback_query", query | {"message": message.message})
            await self._world.until(lambda: self._world.pressed[query_id] is not None)
            return self._world.pressed[query_id] or {}

        return self._line.soon(work())

    def blocks(self, *, blocked: bool = True) -> dict[str, Any]:
        """Block the bot, or unblock it."""

        def work() -> dict[str, Any]:
            self._account.blocked = blocked
            member = {"status": "member", "user": self._world.bot}
            banned = {"status": "kicked", "user": self._world.bot, "until_date": 0}
            before, after = (member, banned) if blocked else (banned, member)
            change = {"chat": self._account.chat, "from": self.user, "date": self._world.now()}
            return self._world.push("my_chat_member", change | {"old_chat_member": before, "new_chat_member": after})

        return self._line.now(work)

    def pays(self, link: str, **changes: Any) -> Soon[Outcome]:
        """Open an invoice and pay it: pre-checkout, then the charge.  `changes` replace what Telegram tells the bot."""

        async def work() -> Outcome:
            invoice = self._invoice(link)
            answer = await self._world.check_out(self._account, invoice, **changes)
            if not answer["ok"]:
                return Outcome(None, answer["error_message"], late="late" in answer)
            return Outcome(self._world.charge(self._account, invoice, **changes))

        return self._line.soon(work())

    def asks_to_pay(self, link: str, **changes: Any) -> Soon[dict[str, Any]]:
        """The pre-checkout alone: what the bot answered."""

        async def work() -> dict[str, Any]:
            return await self._world.check_out(self._account, self._invoice(link), **changes)

        return self._line.soon(work())

    def is_charged(self, link: str, **changes: Any) -> str:
        """The charge alone, as after a pre-checkout of long ago: its id."""
        return self._line.now(lambda: self._world.charge(self._account, self._invoice(link), **changes))

    def hears(self, what: str | Callable[[Received], bool], *, after: int = 0, within_s: float = 20) -> Soon[Received]:
        """The first message with these words, or of which `what` holds; of those after the first `after`."""

        def found() -> Received | None:
            for one in self._account.inbox[after:]:
                if not one.deleted and (what in one.text if isinstance(what, str) else what(one)):
                    return one
            return None

        async def work() -> Received:
            try:
                await asyncio.wait_for(self._world.until(lambda: found() is not None), within_s)
            except TimeoutError:
                heard = [one.text for one in self._account.inbox[after:]]
                raise AssertionError(f"the bot did not write {what!r}, only {heard}") from None
            received = found()
            assert received is not None
            return received

        return self._line.soon(work())

    def init_data(self, *, start_param: str | None = None, auth_date: int | None = None, **more: str) -> str:
        """What Telegram hands to the Mini App that this person opens."""
        user = {key: value for key, value in self.user.items() if key != "is_bot"} | {"allows_write_to_pm": True}
        fields = {
            "user": json.dumps(user, ensure_ascii=False, separators=(",", ":")),
            "chat_instance": "-3788475317572404878",
            "chat_type": "private",
            "auth_date": str(auth_date or int(time.time())),
        } | more
        if start_param is not None:
            fields["start_param"] = start_param
        secret = hmac.new(b"WebAppData", self._world.token.encode(), hashlib.sha256).digest()
        lines = "\n".join(f"{key}={fields[key]}" for key in sorted(fields))
        fields["hash"] = hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest()
        return urlencode(fields)

    def _invoice(self, link: str) -> Invoice:
        return self._world.invoices[link]


async def within(work: Awaitable[T], limit_s: float, failed: Callable[[], str]) -> T:
    """`work`, or an AssertionError that says what was seen instead."""
    try:
        return await asyncio.wait_for(work, limit_s)
    except TimeoutError:
        raise AssertionError(failed()) from None
