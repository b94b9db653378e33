"""A Bot API for these tests alone: invoices, refunds and the book of Stars, with faults on demand.

It stands beside the product, never inside it: the product only knows its address.
"""

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from persistence.postgres.stars import Charge

TOKEN = "4242:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


@dataclass
class Invoice:
    title: str
    description: str
    payload: str
    stars: int


@dataclass
class FakeTelegram:
    """`faults`: what the next calls of a method answer instead: status, description, and whether it was done first."""

    url: str = ""
    invoices: dict[str, Invoice] = field(default_factory=dict)
    book: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: dict[str, deque[tuple[int, str, bool]]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None
    _charges: int = 0

    async def start(self) -> Self:
        app = web.Application()
        app.router.add_post(f"/bot{TOKEN}/{{method}}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def fail(self, method: str, status: int, description: str, *, done: bool = False) -> None:
        """The next call of `method` fails; `done`: after it took effect."""
        self.faults.setdefault(method, deque()).append((status, description, done))

    def pay(self, link: str, payer_id: int, *, stars: int | None = None, payload: str | None = None) -> Charge:
        """Somebody pays an invoice: Telegram's book has it from here on, whatever we are told."""
        invoice = self.invoices[link]
        return self.charge(invoice.payload if payload is None else payload, payer_id, stars or invoice.stars)

    def charge(self, payload: str, payer_id: int, stars: int) -> Charge:
        """A charge with any payload."""
        self._charges += 1
        charge_id = f"stx{self._charges}_{payer_id}"
        now_ms = int(time.time() * 1000)
        user = {"id": payer_id, "is_bot": False, "first_name": "Payer"}
        source = {"type": "user", "transaction_type": "invoice_payment", "user": user, "invoice_payload": payload}
        self.book.append({"id": charge_id, "amount": stars, "date": now_ms // 1000, "source": source})
        return Charge(
            charge_id=charge_id, payload=payload, payer_id=payer_id, stars=stars, currency="XTR", at_ms=now_ms
        )

    def take_back(self, charge: Charge) -> None:
        """Telegram gives a charge back without being asked."""
        assert self._refund(charge.charge_id, charge.payer_id) is None

    @property
    def balance(self) -> int:
        return sum(each["amount"] if "source" in each else -each["amount"] for each in self.book)

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append((method, fields))
        queue = self.faults.get(method)
        if queue:
            status, description, done = queue.popleft()
            if done:
                self._do(method, fields)
            parameters = {"parameters": {"retry_after": 30}} if status == 429 else {}
            return web.json_response(
                {"ok": False, "error_code": status, "description": description, **parameters}, status=status
            )
        result, problem = self._do(method, fields)
        if problem is not None:
            return web.json_response({"ok": False, "error_code": 400, "description": problem}, status=400)
        return web.json_response({"ok": True, "result": result})

    def _do(self, method: str, fields: dict[str, str]) -> tuple[Any, str | None]:
        match method:
            case "createInvoiceLink":
                return self._invoice(fields), None
            case "refundStarPayment":
                return True, self._refund(fields["telegram_payment_charge_id"], int(fields["user_id"]))
            case "getStarTransactions":
                offset, limit = int(fields.get("offset", 0)), int(fields.get("limit", 100))
                assert 1 <= limit <= 100
                return {"transactions": self.book[offset : offset + limit]}, None
            case "getMyStarBalance":
                return {"amount": self.balance}, None
        raise AssertionError(method)

    def _invoice(self, fields: dict[str, str]) -> str:
        (price,) = json.loads(fields["prices"])
        assert fields["currency"] == "XTR"
        assert fields.get("provider_token", "") == ""
        assert 1 <= len(fields["title"]) <= 32
        assert 1 <= len(fields["description"]) <= 255
        assert 1 <= len(fields["payload"].encode()) <= 128
        link = f"https://t.me/$invoice{len(self.invoices)}"
        self.invoices[link] = Invoice(fields["title"], fields["description"], fields["payload"], price["amount"])
        return link

    def _refund(self, charge_id: str, payer_id: int) -> str | None:
        came = [each for each in self.book if each["id"] == charge_id and "source" in each]
        if not came:
            return "Bad Request: CHARGE_NOT_FOUND"
        if came[0]["source"]["user"]["id"] != payer_id:
            return "Bad Request: USER_ID_INVALID"
        if any(each["id"] == charge_id and "receiver" in each for each in self.book):
            return "Bad Request: CHARGE_ALREADY_REFUNDED"
        back = {**came[0], "date": int(time.time()), "receiver": came[0]["source"]}
        del back["source"]
        self.book.append(back)
        return None
