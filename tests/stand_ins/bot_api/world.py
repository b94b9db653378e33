"""What Telegram knows about one bot: the people who talk to it, its messages, invoices, Stars, and the updates that it
has not taken yet.  All of it is touched on the server's own loop only."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.bot_api import schema
from tests.stand_ins.bot_api.book import StarBook
from tests.stand_ins.bot_api.delivery import Delivery


@dataclass
class Received:
    """A message of the bot as the person sees it."""

    message_id: int
    text: str
    message: dict[str, Any]
    markup: dict[str, Any]
    picture: bytes | None = None
    deleted: bool = False

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons under it, or the keyboard that came with it."""
        rows = self.markup.get("inline_keyboard") or self.markup.get("keyboard") or []
        return [button for row in rows for button in row]


@dataclass
class Account:
    """One person's account and private chat with the bot."""

    user: dict[str, Any]
    started: bool = False
    blocked: bool = False
    inbox: list[Received] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def chat(self) -> dict[str, Any]:
        names: dict[str, Any] = {
            key: self.user[key] for key in ("first_name", "last_name", "username") if key in self.user
        }
        return {"id": self.id, "type": "private", **names}


@dataclass(frozen=True)
class Invoice:
    link: str
    payload: str
    stars: int
    title: str


@dataclass(frozen=True)
class Call:
    """A call that the documentation allows, and what it was answered."""

    method: str
    parameters: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Fault:
    """What goes wrong with the next `times` calls of `method` ("*": of any); None: until mended."""

    method: str
    times: int | None
    code: int = 0
    description: str = ""
    retry_after: int | None = None
    delay_s: float = 0.0
    lose_answer: bool = False


@dataclass
class Asked:
    """A pre-checkout query on its way."""

    answer: "asyncio.Future[dict[str, Any]]"
    asked_at: float


@dataclass
class World:
    token: str
    username: str
    delivery: Delivery
    pre_checkout_s: float = 10.0
    accounts: dict[int, Account] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    pressed: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    book: StarBook = field(default_factory=StarBook)
    premium: dict[int, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    prepared: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    is_newer: bool = False
    per_second: int | None = None
    sent_at: list[float] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bot(self) -> dict[str, Any]:
        bot_id = int(self.token.partition(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Chance Tap", "username": self.username}

    def now(self) -> int:
        return int(time.time())

    def number(self) -> int:
        return next(self._numbers)

    def breach(self, words: str) -> None:
        self.breaches.append(words)

    def changed(self) -> None:
        """Wakes whoever waits in `until`."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def push(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new update on its way to the bot."""
        update = {"update_id": self.number(), kind: body}
        schema.check_update(update)
        self.delivery.accept(update)
        self.changed()
        return update

    def message_to_bot(self, account: Account, **content: Any) -> dict[str, Any]:
        message = {"message_id": self.number(), "from": account.user, "date": self.now(), "chat": account.chat}
        account.started = True
        return self.push("message", message | content)

    def message_to(
        self,
        account: Account,
        text: str,
        entities: list[dict[str, Any]],
        *,
        picture: bytes | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A message from the bot into a person's chat: as `sendMessage` answers it."""
        markup = more.pop("reply_markup", None) or {}
        message = {"message_id": self.number(), "from": self.bot, "date": self.now(), "chat": account.chat, **more}
        message |= {"text": text} if text else {}
        message |= {"entities": entities} if entities else {}
        message |= {"reply_markup": markup} if "inline_keyboard" in markup else {}
        account.inbox.append(Received(message["message_id"], text or more.get("caption", ""), message, markup, picture))
        self.changed()
        return message

    def invoice(self, payload: str, stars: int, title: str) -> Invoice:
        invoice = Invoice(f"https://t.me/${secrets.token_urlsafe(16)}", payload, stars, title)
        self.invoices[invoice.link] = invoice
        self.changed()
        return invoice

    async def check_out(self, account: Account, invoice: Invoice, **changes: Any) -> dict[str, Any]:
        """Ask the bot as Telegram does before a payment: its answer, or a refusal for its silence."""
        query: dict[str, Any] = {
            "id": str(secrets.randbits(62)),
            "from": account.user,
            "currency": "XTR",
            "total_amount": invoice.stars,
            "invoice_payload": invoice.payload,
        } | changes
        asked = Asked(asyncio.get_running_loop().create_future(), time.monotonic())
        self.asked[query["id"]] = asked
        self.push("pre_checkout_query", query)
        try:
            return await asyncio.wait_for(asked.answer, self.pre_checkout_s)
        except TimeoutError:
            return {"ok": False, "error_message": "the bot did not answer in time", "late": True}

    def charge(self, account: Account, invoice: Invoice, **changes: Any) -> str:
        """The person is charged, and the bot is told: the charge id."""
        payment: dict[str, Any] = {
            "currency": "XTR",
            "total_amount": invoice.stars,
            "invoice_payload": invoice.payload,
        } | changes
        charge_id = self.book.pay(account.user, payment["total_amount"], payment["invoice_payload"], self.now())
        ids = {"telegram_payment_charge_id": charge_id, "provider_payment_charge_id": f"{account.id}_{self.number()}"}
        self.message_to_bot(account, successful_payment=payment | ids)
        return charge_id

    def refund(self, user_id: int, charge_id: str) -> None:
        """By the bot's call, or by Telegram; the bot is told either way."""
        payment = self.book.refund(user_id, charge_id, self.now())
        refunded = {
            "currency": "XTR",
            "total_amount": payment["amount"],
            "invoice_payload": payment["source"]["invoice_payload"],
            "telegram_payment_charge_id": charge_id,
        }
        account = self.accounts[user_id]
        message = {"message_id": self.number(), "from": self.bot, "date": self.now(), "chat": account.chat}
        self.push("message", message | {"refunded_payment": refunded})
