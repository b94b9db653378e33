"""Payments as Postgres decides them: ordered once for a key, cancelled, expired; the same for every method.

Every function is one round trip and can be repeated.  What arrives for a payment is recorded by the module of its
method (`stars.py` for Telegram Stars).  Must never ask Telegram or a chain.
"""

from dataclasses import dataclass
from typing import Any, Literal, LiteralString
from uuid import UUID

from persistence.errors import ErrorCode, GameError, RateLimited
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database, Role, Row
from persistence.vocabulary import PaymentState

Method = Literal["stars", "ton"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment.  `number` is the cursor of lists; `credited`: Stars the balance has of it; `ton_rate`: nanoton a
    Star.  The payload of an invoice is not for players."""

    payment_id: str
    number: int
    user_id: int
    method: Method
    state: PaymentState
    stars: int
    credited: int
    created_ms: int
    expires_ms: int
    paid_ms: int | None
    closed_ms: int | None
    invoice_payload: str | None
    invoice_link: str | None
    ton_address: str | None
    ton_nanoton: int | None
    ton_memo: str | None
    ton_rate: int | None
    ton_network: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """A payment that is asked for; `payment_id` is a fresh UUID, the times are of Redis's clock."""

    payment_id: str
    stars: int
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a request with a key stands for.  `new` and `resume` (it was made, its response was lost): respond with
    `payment`; `stored`: give `response` again; anything else is a refusal, by its code."""

    status: str
    response: bytes | None
    payment: Payment | None
    pause_s: float | None = None
    """After how long another order is possible; only with `rate_limited`."""

    def refusal(self) -> GameError | None:
        """Why nothing was ordered; None: it was, now or before."""
        if self.response is not None or self.payment is not None:
            return None
        if self.pause_s is not None:
            return RateLimited(self.pause_s, {"limit": "unpaid_orders"})
        return GameError(ErrorCode(self.status))


COLUMNS: LiteralString = """
(R).payment_id::text, (R).number, (R).user_id, (R).method::text, (R).state::text, (R).stars, (R).credited,
(extract(epoch FROM (R).created_at) * 1000)::bigint, (extract(epoch FROM (R).expires_at) * 1000)::bigint,
(extract(epoch FROM (R).paid_at) * 1000)::bigint, (extract(epoch FROM (R).closed_at) * 1000)::bigint,
(R).invoice_payload, (R).invoice_link, (R).ton_address, (R).ton_nanoton, (R).ton_memo, (R).ton_rate, (R).ton_network
"""
FIELDS = 18


def query(text: LiteralString, payment: LiteralString) -> LiteralString:
    """`text` with the fields of `Payment` in place of `PAYMENT`; `payment` is an expression of the table's row type."""
    return text.replace("PAYMENT", COLUMNS.replace("R)", f"{payment})"))


_REQUEST_STARS = query(
    """
    SELECT s.o_status, s.o_response, s.o_pause_s, PAYMENT
    FROM pay.request_stars(
        %(user_id)s, %(payment_id)s::uuid, %(payload)s, %(stars)s, %(created_ms)s, %(expires_ms)s,
        %(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s
    ) AS s
    """,
    "s.o_payment",
)
_SET_LINK = query("SELECT PAYMENT FROM pay.set_invoice_link(%(payment_id)s::uuid, %(link)s) AS p", "p")
_PAGE = query("SELECT PAYMENT FROM pay.my_payments(%(before)s, %(limit)s) AS p", "p")
_ONE = query("SELECT PAYMENT FROM pay.my_payment(%(payment_id)s::uuid) AS p", "p")
_CANCEL = query("SELECT s.o_status, PAYMENT FROM pay.cancel_payment(%(payment_id)s::uuid) AS s", "s.o_payment")
_EXPIRE = query("SELECT PAYMENT FROM pay.expire_payments(%(now_ms)s, %(limit)s) AS p", "p")
_LIST = query("SELECT PAYMENT FROM pay.list_payments(%(state)s::pay.state, %(user_id)s, %(limit)s) AS p", "p")


async def request_stars(db: Database, user_id: int, order: Order, payload: str, key: IdempotencyKey) -> Ordered:
    """Order Stars, once for a key; `payload` is what Telegram gives back with the payment.

    Refusals: banned, conflict (too many orders wait), rate_limited (for `pause_s`), idempotency_*.
    """
    row = await db.one(
        Role.PLAYER,
        user_id,
        _REQUEST_STARS,
        {
            "user_id": user_id,
            "payment_id": order.payment_id,
            "payload": payload,
            "stars": order.stars,
            "created_ms": order.created_ms,
            "expires_ms": order.expires_ms,
            **key.parameters(),
        },
    )
    return Ordered(row[0], row[1], read(row[3:]), row[2])


async def set_invoice_link(db: Database, user_id: int, payment_id: str, link: str) -> Payment | None:
    """Keep the link; the first one stays.  None: not a payment of this user."""
    row = await db.call(Role.PLAYER, user_id, _SET_LINK, {"payment_id": payment_id, "link": link})
    return None if row is None else read(row)


async def page(db: Database, user_id: int, cursor: int | None, limit: int) -> list[Payment]:
    """The user's payments, newest first; `cursor` is the last `number` of the page before."""
    rows = await db.rows(Role.PLAYER, user_id, _PAGE, {"before": cursor, "limit": limit})
    return [known(row) for row in rows]


async def one(db: Database, user_id: int, payment_id: str) -> Payment | None:
    """One payment of the user."""
    row = await db.call(Role.PLAYER, user_id, _ONE, {"payment_id": payment_id})
    return None if row is None else read(row)


async def cancel(db: Database, user_id: int, payment_id: str) -> tuple[str, Payment | None]:
    """The user no longer wants to pay.  Statuses: ok (also repeated), not_found, conflict (it came to another end)."""
    row = await db.one(Role.PLAYER, user_id, _CANCEL, {"payment_id": payment_id})
    return row[0], read(row[1:])


async def expire(db: Database, now_ms: int, limit: int) -> list[Payment]:
    """End the wait for payments whose time is over at `now_ms` of Redis's clock, at most `limit`; those that ended."""
    rows = await db.rows(Role.SETTLER, None, _EXPIRE, {"now_ms": now_ms, "limit": limit})
    return [known(row) for row in rows]


async def listed(db: Database, *, state: PaymentState | None, user_id: int | None, limit: int) -> list[Payment]:
    """For operators: the latest payments, newest first."""
    rows = await db.rows(Role.OPERATOR, None, _LIST, {"state": state, "user_id": user_id, "limit": limit})
    return [known(row) for row in rows]


async def report(db: Database, any_id: str) -> dict[str, Any] | None:
    """For operators: everything about a payment, by its id or by one of its charges."""
    row = await db.one(Role.OPERATOR, None, "SELECT pay.payment_report(%(id)s)", {"id": any_id})
    found: dict[str, Any] | None = row[0]
    return found


def is_payment_id(text: str) -> bool:
    """Whether it has the form of one, so that Postgres can be asked."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def read(row: Any) -> Payment | None:
    """The fields of `COLUMNS`; None where the row was null."""
    return None if row[0] is None else Payment(*row)


def known(row: Row) -> Payment:
    """As `read`, where there must be one."""
    return Payment(*row)
