"""Telegram's own book of a bot's Stars: what `getStarTransactions` and `getMyStarBalance` tell.  A test compares the
ledger with it."""

import secrets
from typing import Any, Literal

Direction = Literal["in", "out"]


class Refused(Exception):
    """An answer `{"ok": false}`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class StarBook:
    """`transactions` in the order of time, as the Bot API shows them.  Amounts are whole Stars."""

    def __init__(self) -> None:
        self.balance = 0
        self.transactions: list[dict[str, Any]] = []

    def of(self, direction: Direction) -> dict[str, int]:
        """Amount by transaction id: what came in, or what went out (refunds and charge-backs repeat the id)."""
        side = "source" if direction == "in" else "receiver"
        return {entry["id"]: entry["amount"] for entry in self.transactions if side in entry}

    def pay(self, user: dict[str, Any], stars: int, payload: str, date: int) -> str:
        """A person paid an invoice: the charge id."""
        charge_id = "stx" + secrets.token_urlsafe(24)
        self._add(charge_id, "in", stars, date, _invoice_payment(user, payload))
        return charge_id

    def refund(self, user_id: int, charge_id: str, date: int) -> dict[str, Any]:
        """By the bot, or by Telegram as a charge-back, which may leave the balance below zero: the payment."""
        if not charge_id:
            raise Refused(400, "Bad Request: CHARGE_ID_EMPTY")
        payment = next((one for one in self.transactions if one["id"] == charge_id and "source" in one), None)
        if payment is None:
            raise Refused(400, "Bad Request: CHARGE_NOT_FOUND")
        if payment["source"]["user"]["id"] != user_id:
            raise Refused(400, "Bad Request: USER_ID_INVALID")
        if charge_id in self.of("out"):
            raise Refused(400, "Bad Request: CHARGE_ALREADY_REFUNDED")
        partner = _invoice_payment(payment["source"]["user"], payment["source"]["invoice_payload"])
        self._add(charge_id, "out", payment["amount"], date, partner)
        return payment

    def give_premium(self, user: dict[str, Any], stars: int, months: int, date: int) -> str:
        if stars > self.balance:
            raise Refused(400, "Bad Request: BALANCE_TOO_LOW")
        gift_id = "stx" + secrets.token_urlsafe(24)
        partner = {"type": "user", "transaction_type": "premium_purchase", "user": user}
        self._add(gift_id, "out", stars, date, partner | {"premium_subscription_duration": months})
        return gift_id

    def top_up(self, stars: int, date: int) -> None:
        """The operator bought Stars for the bot."""
        self._add(secrets.token_urlsafe(24), "in", stars, date, {"type": "fragment"})

    def withdraw(self, stars: int, date: int) -> None:
        """The operator took Stars out through Fragment."""
        self._add(secrets.token_urlsafe(24), "out", stars, date, {"type": "fragment"})

    def _add(self, entry_id: str, direction: Direction, stars: int, date: int, partner: dict[str, Any]) -> None:
        side = "source" if direction == "in" else "receiver"
        self.transactions.append({"id": entry_id, "amount": stars, "date": date, side: partner})
        self.balance += stars if direction == "in" else -stars


def _invoice_payment(user: dict[str, Any], payload: str) -> dict[str, Any]:
    return {"type": "user", "transaction_type": "invoice_payment", "user": user, "invoice_payload": payload}
