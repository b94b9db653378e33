"""Deposits of TON as Postgres decides them: ordered at a rate, recorded once a transaction, credited by the memo.

Every function is one round trip and can be repeated.  Must never ask the chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString

from persistence.chain import Network, Refusal
from persistence.postgres import payments
from persistence.postgres.acting import Actor, act
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import FIELDS, Order, Ordered, Payment
from persistence.postgres.pool import Database, Role, Row

ReceiptState = Literal["credited", "review", "ignored"]


@dataclass(frozen=True, slots=True)
class Quote:
    """What the payer of an order is told: to send TON at `rate` (nanoton a Star) to `address`, with `memo`."""

    rate: int
    network: Network
    address: str
    memo: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message with TON that came.  Addresses raw, hash in hex; `stars` and `rate` (nanoton a Star) of a credit."""

    receipt_id: int
    network: Network
    account: str
    lt: int
    hash: str
    mc_seqno: int
    source: str
    nanoton: int
    comment: str | None
    memo: str | None
    state: ReceiptState
    reason: str | None
    payment_id: str | None
    user_id: int | None
    stars: int | None
    rate: int | None
    sent_ms: int
    decided_by: str | None
    decided_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What the chain showed of one final transaction that brought TON."""

    lt: int
    hash: str
    mc_seqno: int
    source: str
    nanoton: int
    comment: str | None
    memo: str | None
    refusal: Refusal | None
    sent_s: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How far an address is read now: whole up to `cursor`, in part up to `seen` (logical times); `gap`: a transaction
    in between is known to be missing."""

    cursor: int
    seen: int
    gap: bool


@dataclass(frozen=True, slots=True)
class CreditRules:
    """Below how many nanoton what belongs to no order is ignored; the rate of now (nanoton a Star) for what an order's
    own rate does not cover, None: it waits for an operator; with more Stars than `most_stars` nothing is credited by
    itself, unless so many were ordered."""

    dust: int
    rate: int | None
    most_stars: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A receipt as it stands, its order if it has one, and the balance of whose it is."""

    receipt: Receipt
    payment: Payment | None
    balance: int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an address was read: whole up to `lt`, in part up to `seen_lt`."""

    lt: int
    seen_lt: int
    gap_since_ms: int | None
    read_ms: int | None


@dataclass(frozen=True, slots=True)
class Watched:
    """An address that players were given: how far it was read, whether something is missing there, and until when (ms)
    the last order for it is or was waited for; None: there was none."""

    account: str
    lt: int
    gap: bool
    expected_until_ms: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Receipts by their states, and the Stars credited for them."""

    credited: int
    stars: int
    review: int
    ignored: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A receipt, and whose linked wallet its sender is now."""

    receipt: Receipt
    sender_id: int | None


_RECEIPT: LiteralString = """
(R).receipt_id, (R).network, (R).account, (R).lt, (R).hash, (R).mc_seqno, (R).source, (R).nanoton, (R).comment,
(R).memo, (R).state, (R).reason, (R).payment_id::text, (R).user_id, (R).stars, (R).rate,
(extract(epoch FROM (R).sent_at) * 1000)::bigint, (R).decided_by,
(extract(epoch FROM (R).decided_at) * 1000)::bigint
"""
_RECEIPT_FIELDS = 19


def _query(text: LiteralString, receipt: LiteralString, payment: LiteralString = "") -> LiteralString:
    return payments.query(text.replace("RECEIPT", _RECEIPT.replace("R)", f"{receipt})")), payment)


_REQUEST = _query(
    """
    SELECT s.o_status, s.o_response, s.o_pause_s, PAYMENT
    FROM pay.request_ton(
        %(user_id)s, %(payment_id)s::uuid, %(memo)s, %(stars)s, %(rate)s, %(address)s, %(network)s,
        %(created_ms)s, %(expires_ms)s, %(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s
    ) AS s
    """,
    "",
    "s.o_payment",
)
_RECORD = _query(
    """
    SELECT s.balance, PAYMENT, RECEIPT
    FROM pay.record_chain(
        %(network)s, %(account)s, %(cursor)s, %(seen)s, %(gap)s,
        %(lts)s::bigint[], %(hashes)s::text[], %(seqnos)s::bigint[], %(sources)s::text[], %(nanotons)s::bigint[],
        %(comments)s::text[], %(memos)s::text[], %(refusals)s::text[], %(sent)s::bigint[],
        %(dust)s, %(rate)s, %(most_stars)s
    ) AS s
    """,
    "s.receipt",
    "s.payment",
)
_LIST = _query("SELECT s.sender_id, RECEIPT FROM pay.list_chain(%(state)s, %(limit)s) AS s", "s.receipt")
_ASSIGN = _query(
    """
    SELECT s.o_status, s.o_balance, PAYMENT, RECEIPT
    FROM pay.assign_chain(%(receipt_id)s, %(payment_id)s::uuid, %(user_id)s, %(rate)s, %(named)s) AS s
    """,
    "s.o_receipt",
    "s.o_payment",
)
_DISMISS = _query(
    "SELECT s.o_status, NULL, PAYMENT, RECEIPT FROM pay.dismiss_chain(%(receipt_id)s) AS s",
    "s.o_receipt",
    "s.o_payment",
)


async def request(db: Database, user_id: int, order: Order, quote: Quote, key: IdempotencyKey) -> Ordered:
    """Order Stars for TON, once for a key.  Refusals: banned, conflict (too many orders wait),
    rate_limited (for `pause_s`), idempotency_*."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        _REQUEST,
        {
            "user_id": user_id,
            "payment_id": order.payment_id,
            "memo": quote.memo,
            "stars": order.stars,
            "rate": quote.rate,
            "address": quote.address,
            "network": quote.network,
            "created_ms": order.created_ms,
            "expires_ms": order.expires_ms,
            **key.parameters(),
        },
    )
    return Ordered(row[0], row[1], payments.read(row[3:]), row[2])


async def cursor(db: Database, network: Network, account: str) -> Cursor | None:
    """How far the address was read; None: never."""
    row = await db.call(
        Role.SETTLER,
        None,
        """
        SELECT lt, seen_lt, (extract(epoch FROM gap_since) * 1000)::bigint, (extract(epoch FROM read_at) * 1000)::bigint
        FROM pay.chain_cursor(%(network)s, %(account)s)
        """,
        {"network": network, "account": account},
    )
    return None if row is None else Cursor(*row)


async def record(
    db: Database,
    network: Network,
    account: str,
    incoming: Sequence[Incoming],
    reading: Reading,
    rules: CreditRules,
) -> list[Recorded]:
    """Record what was seen, credit it, and move the cursor, in one transaction; what was not known before."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        _RECORD,
        {
            "network": network,
            "account": account,
            "cursor": reading.cursor,
            "seen": reading.seen,
            "gap": reading.gap,
            "lts": [each.lt for each in incoming],
            "hashes": [each.hash for each in incoming],
            "seqnos": [each.mc_seqno for each in incoming],
            "sources": [each.source for each in incoming],
            "nanotons": [each.nanoton for each in incoming],
            "comments": [each.comment for each in incoming],
            "memos": [each.memo for each in incoming],
            "refusals": [each.refusal for each in incoming],
            "sent": [each.sent_s for each in incoming],
            "dust": rules.dust,
            "rate": rules.rate,
            "most_stars": rules.most_stars,
        },
    )
    return [_recorded(row[0], row[1:]) for row in rows]


async def watched(db: Database, network: Network) -> list[Watched]:
    """Every address that was ever given to players."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT account, lt, gap, (extract(epoch FROM expected_until) * 1000)::bigint
        FROM pay.watched_addresses(%(network)s)
        """,
        {"network": network},
    )
    return [Watched(*row) for row in rows]


async def listed(db: Database, *, state: ReceiptState | None, limit: int) -> list[Listed]:
    """For operators: the latest receipts, newest first."""
    rows = await db.rows(Role.SETTLER, None, _LIST, {"state": state, "limit": limit})
    return [Listed(Receipt(*row[1:]), row[0]) for row in rows]


async def counts(db: Database) -> Counts:
    row = await db.one(Role.SETTLER, None, "SELECT * FROM pay.count_chain()")
    return Counts(*row)


async def statement(
    db: Database, network: Network, account: str, from_lt: int, to_lt: int
) -> list[tuple[int, str, int]]:
    """(lt, hash, nanoton) of what is recorded between two logical times."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT lt, hash, nanoton FROM pay.chain_receipts_between(%(network)s, %(account)s, %(from_lt)s, %(to_lt)s)",
        {"network": network, "account": account, "from_lt": from_lt, "to_lt": to_lt},
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def assign(
    db: Database,
    receipt_id: int,
    *,
    payment_id: str | None,
    user_id: int | None,
    rate: int | None,
    named: bool,
    by: Actor,
) -> tuple[str, Recorded | None]:
    """An operator's word whose a receipt is, at `rate` (nanoton a Star), or the order's if that is worse and the
    operator has not `named` it.  Statuses: ok (also repeated), not_found, conflict (it does not wait),
    no_payment, no_user, no_rate, too_little (not one Star)."""
    params = {
        "receipt_id": receipt_id,
        "payment_id": payment_id,
        "user_id": user_id,
        "rate": rate,
        "named": named,
    }
    return await _decide(db, by, _ASSIGN, params)


async def dismiss(db: Database, receipt_id: int, *, by: Actor) -> tuple[str, Recorded | None]:
    """An operator's word that a receipt is nobody's here.  Statuses: ok (also repeated), not_found, conflict."""
    return await _decide(db, by, _DISMISS, {"receipt_id": receipt_id})


async def _decide(
    db: Database, by: Actor, query: LiteralString, params: Mapping[str, object]
) -> tuple[str, Recorded | None]:
    row = await act(db, by, query, params)
    assert row is not None
    return row[0], None if row[2 + FIELDS] is None else _recorded(row[1], row[2:])


def _recorded(balance: int | None, row: Row) -> Recorded:
    return Recorded(Receipt(*row[FIELDS : FIELDS + _RECEIPT_FIELDS]), payments.read(row[:FIELDS]), balance)
