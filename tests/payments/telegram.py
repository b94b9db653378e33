"""The Bot API server as the tests of payments use it: payers by their number, charges of any kind, faults."""

from typing import Any

from persistence.postgres.stars import Charge
from tests.stand_ins.bot_api.world import Invoice
from tests.stand_ins.telegram import TOKEN as TOKEN
from tests.stand_ins.telegram import TelegramApi


class Telegram:
    """Nobody listens to its updates here: a test hands each charge to the flows itself, or loses it."""

    def __init__(self, api: TelegramApi) -> None:
        self.api = api
        self.url = api.url
        self._payers: dict[int, Any] = {}

    @property
    def invoices(self) -> dict[str, Invoice]:
        return dict(self.api._world.invoices)

    @property
    def book(self) -> list[dict[str, Any]]:
        """Telegram's transactions; a test may change them."""
        return self.api.book.transactions

    @property
    def balance(self) -> int:
        return self.api.book.balance

    def count(self, method: str) -> int:
        return len(self.api.calls_of(method))

    def fail(self, method: str, status: int, description: str, *, done: bool = False) -> None:
        """The next call of `method` fails; `done`: it takes effect, and its answer is lost."""
        if done:
            self.api.lose_answer(method)
        else:
            self.api.fail(method, status, description, retry_after=30 if status == 429 else None)

    def pay(self, link: str, payer_id: int) -> Charge:
        """Somebody pays an invoice: Telegram's transactions have it from here on, whatever we are told."""
        return self._charge(self.invoices[link], payer_id)

    def charge(self, payload: str, payer_id: int, stars: int) -> Charge:
        """A charge with any payload."""
        return self._charge(Invoice("", payload, stars, "Any"), payer_id)

    def take_back(self, charge: Charge) -> None:
        """Telegram gives a charge back without being asked."""
        self.api.charges_back(self._payers[charge.payer_id], charge.charge_id)

    def _charge(self, invoice: Invoice, payer_id: int) -> Charge:
        if payer_id not in self._payers:
            self._payers[payer_id] = self.api.person(user_id=payer_id)
        world = self.api._world
        account = world.accounts[payer_id]
        charge_id = self.api._line.now(lambda: world.charge(account, invoice))
        made_s = next(each["date"] for each in reversed(self.book) if each["id"] == charge_id)
        return Charge(
            charge_id=charge_id,
            payload=invoice.payload,
            payer_id=payer_id,
            stars=invoice.stars,
            currency="XTR",
            at_ms=made_s * 1000,
        )
