"""Charges of Telegram Stars as Postgres records them: credited once, sent back, taken back.

Every function is one round trip and can be repeated by anybody: a charge id is recorded once.  Must never ask Telegram;
the flows that do stand in `persistence/payments/stars.py`.
"""

from dataclasses import dataclass
from typing import Any, Literal, LiteralString

from persistence.postgres import payments
from persistence.postgres.acting import Actor, act
from persistence.postgres.payments import FIELDS, Payment
from persistence.postgres.pool import Database, Role, Row
from persistence.postgres.storable import storable

ReceiptState = Literal["credited", "review", "refunding", "refunded", "charged_back"]
FoundBy = Literal["update", "reconciliation"]
RefundOutcome = Literal["done", "refused", "later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A payment as Telegram reports it.  `stars` is the total amount, in whole Stars when `currency` is XTR."""

    charge_id: str
    payload: str
    payer_id: int
    stars: int
    currency: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A charge as it is recorded; see `pay.star_receipts` for its words."""

    charge_id: str
    number: int
    state: ReceiptState
    payment_id: str | None
    user_id: int | None
    payer_id: int
    stars: int
    currency: str
    booked: bool
    reason: str | None
    asked_by: str | None
    error: str | None
    lost: int
    found_by: str
    paid_ms: int
    received_ms: int
    closed_ms: int | None


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """What was done about a charge, and how it, its order and its player's balance stand now.  `receipt` is None only
    where there is no such charge; `blocked`: its account was blocked by this."""

    status: str
    receipt: Receipt | None
    payment: Payment | None
    balance: int | None
    blocked: bool


_RECEIPT: LiteralString = """
(R).charge_id, (R).number, (R).state::text, (R).payment_id::text, (R).user_id, (R).payer_id, (R).stars, (R).currency,
(R).booked, (R).reason, (R).asked_by, (R).error, (R).lost, (R).found_by,
(extract(epoch FROM (R).paid_at) * 1000)::bigint, (extract(epoch FROM (R).received_at) * 1000)::bigint,
(extract(epoch FROM (R).closed_at) * 1000)::bigint
"""
_CHARGE = payments.query("(c).status, (c).balance, (c).blocked, PAYMENT, RECEIPT", "(c).payment").replace(
    "RECEIPT", _RECEIPT.replace("R)", "(c).receipt)")
)


def _charge(call: LiteralString) -> LiteralString:
    # MATERIALIZED: a function in FROM whose fields are taken apart may otherwise run once a field.
    return "WITH c AS MATERIALIZED (SELECT CALL AS c) SELECT CHARGE FROM c".replace("CALL", call).replace(
        "CHARGE", _CHARGE
    )


_CHECK: LiteralString = "SELECT pay.check_stars(%(payload)s, %(payer_id)s, %(stars)s, %(currency)s, %(now_ms)s)"
_CREDIT = _charge(
    "pay.credit_stars(%(charge_id)s, %(payload)s, %(payer_id)s, %(stars)s, %(currency)s, %(at_ms)s, %(late_s)s,"
    " %(found_by)s)"
)
_REFUND = _charge("pay.refund_stars(%(charge_id)s)")
_ASSIGN = _charge("pay.assign_stars(%(charge_id)s, %(user_id)s)")
_CLOSE = _charge("pay.close_charge(%(charge_id)s)")
_DUE: LiteralString = "SELECT charge_id, payer_id FROM pay.due_refunds(%(charge_id)s, %(lease_s)s, %(limit)s)"
_SETTLE = _charge("pay.settle_refund(%(charge_id)s, %(outcome)s, %(error)s, %(retry_s)s)")
_REVERSE = _charge("pay.reverse_stars(%(charge_id)s, %(payload)s, %(payer_id)s, %(stars)s, %(currency)s, %(at_ms)s)")

_LIST: LiteralString = "SELECT RECEIPT FROM pay.list_receipts(%(open)s, %(user_id)s, %(limit)s) AS r".replace(
    "RECEIPT", _RECEIPT.replace("R)", "r)")
)


async def check(db: Database, *, payload: str, payer_id: int, stars: int, currency: str, now_ms: int) -> str:
    """Whether Telegram may take this payment: ok, or a word for what stands against it."""
    row = await db.one(
        Role.CHAT,
        None,
        _CHECK,
        {
            "payload": storable(payload),
            "payer_id": payer_id,
            "stars": stars,
            "currency": storable(currency),
            "now_ms": now_ms,
        },
    )
    return str(row[0])


async def credit(db: Database, charge: Charge, *, late_s: float, found_by: FoundBy) -> ChargeResult:
    """Record a charge, once.  Statuses: credited, refunding (surplus, late, banned), review, repeated."""
    params = {**_params(charge), "late_s": late_s, "found_by": found_by}
    return _result(await db.call(Role.CHAT, None, _CREDIT, params))


async def reverse(db: Database, charge: Charge) -> ChargeResult:
    """Record that Telegram gave a charge back.  Statuses: refunded (we had asked), charged_back (nobody had), unknown
    (it was never recorded, and will not be credited any more), repeated."""
    return _result(await db.call(Role.CHAT, None, _REVERSE, _params(charge)))


async def refund(db: Database, charge_id: str, *, by: Actor) -> ChargeResult:
    """Set a charge aside, to be sent back.  Statuses: ok (also repeated), not_found, conflict (Telegram took it back),
    insufficient_balance (the player has spent it)."""
    return _result(await act(db, by, _REFUND, {"charge_id": charge_id}))


async def assign(db: Database, charge_id: str, *, user_id: int, by: Actor) -> ChargeResult:
    """Give a charge in review to a player.  Statuses: ok (also repeated), not_found, no_user, conflict (it does not
    wait, or was given to another)."""
    return _result(await act(db, by, _ASSIGN, {"charge_id": charge_id, "user_id": user_id}))


async def close(db: Database, charge_id: str, *, by: Actor) -> ChargeResult:
    """The way out where none is left: a refund that is neither done nor refused is given up, a charge in another
    currency than Stars is closed.  Statuses: ok (also repeated), not_found, conflict (there is another way)."""
    return _result(await act(db, by, _CLOSE, {"charge_id": charge_id}))


async def due_refunds(
    db: Database, *, lease_s: float, limit: int, charge_id: str | None = None
) -> list[tuple[str, int]]:
    """Refunds to ask Telegram for now, as (charge id, payer), which are the caller's for `lease_s`."""
    rows = await db.rows(Role.SETTLER, None, _DUE, {"charge_id": charge_id, "lease_s": lease_s, "limit": limit})
    return [(row[0], row[1]) for row in rows]


async def settle_refund(
    db: Database, charge_id: str, outcome: RefundOutcome, *, error: str | None, retry_s: float = 0
) -> ChargeResult:
    """Record what Telegram said to a refund; the status is the outcome, or repeated."""
    params = {
        "charge_id": charge_id,
        "outcome": outcome,
        "error": storable(error and error[:200]),
        "retry_s": retry_s,
    }
    return _result(await db.call(Role.SETTLER, None, _SETTLE, params))


def _params(charge: Charge) -> dict[str, Any]:
    return {
        "charge_id": storable(charge.charge_id),
        "payload": storable(charge.payload),
        "payer_id": charge.payer_id,
        "stars": charge.stars,
        "currency": storable(charge.currency),
        "at_ms": charge.at_ms,
    }


async def receipts(db: Database, *, open_only: bool, user_id: int | None, limit: int) -> list[Receipt]:
    """For operators: the latest charges, newest first, or only those that wait for somebody."""
    rows = await db.rows(Role.OPERATOR, None, _LIST, {"open": open_only, "user_id": user_id, "limit": limit})
    return [Receipt(*row) for row in rows]


def _result(row: Row | None) -> ChargeResult:
    assert row is not None
    status, balance, blocked = row[:3]
    receipt = row[3 + FIELDS :]
    return ChargeResult(
        status,
        None if receipt[0] is None else Receipt(*receipt),
        payments.read(row[3 : 3 + FIELDS]),
        balance,
        blocked,
    )
