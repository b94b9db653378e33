"""Withdrawals as Postgres decides them: asked for once for a key, held, decided by operators, sent or returned.

Every function is one round trip.  An attempt to send has a number: what was found out about an earlier one changes
nothing any more.  Must never ask Telegram or a chain.
"""

from dataclasses import dataclass
from typing import Any, Literal, LiteralString

from persistence.chain import PayoutMessage
from persistence.postgres.acting import Actor, act
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database, Role, Row
from persistence.postgres.storable import storable

Method = Literal["ton", "premium"]
State = Literal["held", "approval", "sending", "sent", "returned"]
Outcome = Literal["sent", "returned", "later", "again", "failed", "unknown"]
Decision = Literal["approve", "refuse", "paid", "search"]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal; see `pay.withdrawals` for the words.  `rate`: nanoton a Star; the message's times are in seconds;
    `boc` and what else belongs to the attempt is not for players."""

    withdrawal_id: str
    number: int
    user_id: int
    method: Method
    state: State
    stars: int
    months: int | None
    telegram_id: int | None
    address: str | None
    network: str | None
    nanoton: int | None
    rate: int | None
    needs_approval: bool
    waits_for: str | None
    requested_ms: int
    hold_until_ms: int
    attempt: int
    retries: int
    begun_ms: int | None
    star_offset: int | None
    bot_id: int | None
    wallet: str | None
    query_id: int | None
    message_at: int | None
    message_expires: int | None
    message_hash: str | None
    boc: str | None
    reference: str | None
    error: str | None
    review: str | None
    reviewed_by: str | None
    closed_ms: int | None


@dataclass(frozen=True, slots=True)
class NewWithdrawal:
    """What a player asks for: `stars` as TON at `rate` (nanoton a Star), or as `months` of Premium."""

    withdrawal_id: str
    method: Method
    stars: int
    months: int | None
    network: str
    rate: int | None
    requested_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How long a withdrawal is held, from how many Stars on an operator approves it, and how many Stars a day an
    account, and all of them together, may take out."""

    hold_s: int
    approval_stars: int
    account_day: int
    house_day: int


@dataclass(frozen=True, slots=True)
class Requested:
    """`new` and `resume` (it was made, its response was lost): respond with `withdrawal`; `stored`: give `response`
    again; anything else is a refusal, by its code.  `limit` (account_day, house_day) holds until `until_ms`."""

    status: str
    response: bytes | None
    balance: int | None
    limit: str | None
    until_ms: int | None
    withdrawal: Withdrawal | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done, the player's balance and the withdrawal after it."""

    status: str
    balance: int | None
    withdrawal: Withdrawal | None


_COLUMNS: LiteralString = """
(R).withdrawal_id::text, (R).number, (R).user_id, (R).method::text, (R).state::text, (R).stars, (R).months,
(R).telegram_id, (R).address, (R).network, (R).nanoton, (R).rate, (R).needs_approval, (R).waits_for,
(extract(epoch FROM (R).requested_at) * 1000)::bigint, (extract(epoch FROM (R).hold_until) * 1000)::bigint,
(R).attempt, (R).retries, (extract(epoch FROM (R).begun_at) * 1000)::bigint, (R).star_offset, (R).bot_id, (R).wallet,
(R).query_id,
(R).message_at, (R).message_expires, (R).message_hash, (R).boc, (R).reference, (R).error, (R).review, (R).reviewed_by,
(extract(epoch FROM (R).closed_at) * 1000)::bigint
"""


def _query(text: LiteralString, row: LiteralString) -> LiteralString:
    return text.replace("WITHDRAWAL", _COLUMNS.replace("R)", f"{row})"))


_REQUEST = _query(
    """
    SELECT s.o_status, s.o_response, s.o_balance, s.o_limit, s.o_until_ms, WITHDRAWAL FROM pay.request_withdrawal(
        %(user_id)s, %(withdrawal_id)s::uuid, %(method)s::pay.payout_method, %(stars)s, %(months)s, %(network)s,
        %(rate)s, %(now_ms)s, %(hold_s)s, %(approval_stars)s, %(account_day)s, %(house_day)s,
        %(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s
    ) AS s
    """,
    "s.o_withdrawal",
)
_PAGE = _query("SELECT WITHDRAWAL FROM pay.my_withdrawals(%(before)s, %(limit)s) AS w", "w")
_RELEASE = _query("SELECT WITHDRAWAL FROM pay.release_withdrawals(%(now_ms)s, %(limit)s) AS w", "w")
_TAKE = _query(
    """
    SELECT WITHDRAWAL
    FROM pay.take_withdrawals(%(method)s::pay.payout_method, %(now_ms)s, %(lease_s)s, %(limit)s) AS w
    """,
    "w",
)
_BEGIN = _query(
    """
    SELECT s.o_status, NULL::bigint, WITHDRAWAL FROM pay.begin_payout(
        %(withdrawal_id)s::uuid, %(attempt)s, %(now_ms)s, %(query_id)s, %(created_at)s, %(expires_at)s,
        %(hash)s, %(boc)s, %(wallet)s, %(bot_id)s
    ) AS s
    """,
    "s.o_withdrawal",
)
_END = _query(
    """
    SELECT s.o_status, s.o_balance, WITHDRAWAL FROM pay.end_payout(
        %(withdrawal_id)s::uuid, %(attempt)s, %(outcome)s, %(detail)s, %(reference)s, %(next_ms)s
    ) AS s
    """,
    "s.o_withdrawal",
)
_REVIEW = _query(
    """
    SELECT s.o_status, s.o_balance, WITHDRAWAL
    FROM pay.review_withdrawal(%(withdrawal_id)s::uuid, %(decision)s, %(reference)s, %(now_ms)s) AS s
    """,
    "s.o_withdrawal",
)
_NAME = _query(
    """
    SELECT s.o_status, NULL::bigint, WITHDRAWAL
    FROM pay.name_transaction(%(withdrawal_id)s::uuid, %(reference)s) AS s
    """,
    "s.o_withdrawal",
)
_HAND_OVER = _query("SELECT WITHDRAWAL FROM pay.hand_over_withdrawals(%(now_ms)s, %(after_s)s, %(limit)s) AS w", "w")
_LIST = _query(
    "SELECT WITHDRAWAL FROM pay.list_withdrawals(%(state)s::pay.withdrawal_state, %(user_id)s, %(limit)s) AS w", "w"
)
_REPORT = _query(
    "SELECT s.o_events, WITHDRAWAL FROM pay.withdrawal_report(%(withdrawal_id)s::uuid) AS s", "s.o_withdrawal"
)


async def request(db: Database, user_id: int, wanted: NewWithdrawal, rules: Rules, key: IdempotencyKey) -> Requested:
    """Take Stars from the balance to pay them out later, once for a key.  Refusals: banned, conflict (nowhere to pay
    to), insufficient_balance, limit_reached, idempotency_*."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        _REQUEST,
        {
            "user_id": user_id,
            "withdrawal_id": wanted.withdrawal_id,
            "method": wanted.method,
            "stars": wanted.stars,
            "months": wanted.months,
            "network": wanted.network,
            "rate": wanted.rate,
            "now_ms": wanted.requested_ms,
            "hold_s": rules.hold_s,
            "approval_stars": rules.approval_stars,
            "account_day": rules.account_day,
            "house_day": rules.house_day,
            **key.parameters(),
        },
    )
    return Requested(row[0], row[1], row[2], row[3], row[4], _read(row[5:]))


async def page(db: Database, user_id: int, cursor: int | None, limit: int) -> list[Withdrawal]:
    """The user's withdrawals, newest first; `cursor` is the last `number` of the page before."""
    return [Withdrawal(*row) for row in await db.rows(Role.PLAYER, user_id, _PAGE, {"before": cursor, "limit": limit})]


async def release(db: Database, now_ms: int, limit: int) -> list[Withdrawal]:
    """End the holds that are over at `now_ms`; those that went on, to sending or to an operator."""
    return [Withdrawal(*row) for row in await db.rows(Role.SETTLER, None, _RELEASE, {"now_ms": now_ms, "limit": limit})]


async def take(db: Database, method: Method, now_ms: int, *, lease_s: float, limit: int) -> list[Withdrawal]:
    """Those to be gone on with now; for `lease_s` they are the caller's."""
    values = {"method": method, "now_ms": now_ms, "lease_s": lease_s, "limit": limit}
    return [Withdrawal(*row) for row in await db.rows(Role.SETTLER, None, _TAKE, values)]


async def next_query(db: Database) -> int:
    """A query id for a message of the paying wallet."""
    row = await db.one(Role.SETTLER, None, "SELECT pay.next_query()")
    return int(row[0])


async def begin(
    db: Database,
    withdrawal: Withdrawal,
    now_ms: int,
    message: PayoutMessage | None,
    *,
    wallet: str | None = None,
    bot_id: int | None = None,
) -> Changed:
    """Commit that this attempt may leave from now on, made by that wallet or that bot.  Statuses: begun, stale, stopped
    (banned), busy."""
    row = await db.call(
        Role.SETTLER,
        None,
        _BEGIN,
        {
            "withdrawal_id": withdrawal.withdrawal_id,
            "attempt": withdrawal.attempt,
            "now_ms": now_ms,
            "query_id": message and message.query_id,
            "created_at": message and message.created_at,
            "expires_at": message and message.expires_at,
            "hash": message and message.hash,
            "boc": message and message.boc,
            "wallet": wallet,
            "bot_id": bot_id,
        },
    )
    return _changed(row)


async def end(
    db: Database,
    withdrawal: Withdrawal,
    outcome: Outcome,
    *,
    detail: str | None = None,
    reference: str | None = None,
    next_ms: int | None = None,
) -> Changed:
    """What became of this attempt; `next_ms` is when to go on (later, again).  Status: the outcome (unknown where it
    is sent as a transaction that counts for another withdrawal), or stale."""
    row = await db.call(
        Role.SETTLER,
        None,
        _END,
        {
            "withdrawal_id": withdrawal.withdrawal_id,
            "attempt": withdrawal.attempt,
            "outcome": outcome,
            "detail": storable(detail),
            "reference": storable(reference),
            "next_ms": next_ms,
        },
    )
    return _changed(row)


async def match_gift(db: Database, withdrawal_id: str, transaction_ids: list[str]) -> tuple[list[str], int]:
    """Of Telegram's transactions that look like this gift: those that count for no withdrawal yet; and of how many
    other gifts alike nobody knows which transaction is theirs."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT o_free, o_unnamed FROM pay.match_gift(%(withdrawal_id)s::uuid, %(ids)s::text[])",
        {"withdrawal_id": withdrawal_id, "ids": transaction_ids},
    )
    return list(row[0]), int(row[1])


async def hand_over(db: Database, now_ms: int, *, after_s: float, limit: int) -> list[Withdrawal]:
    """Give to an operator what has been under way for longer than `after_s`, whatever the reason."""
    values = {"now_ms": now_ms, "after_s": after_s, "limit": limit}
    return [Withdrawal(*row) for row in await db.rows(Role.SETTLER, None, _HAND_OVER, values)]


async def review(
    db: Database, withdrawal_id: str, decision: Decision, *, by: Actor, now_ms: int, reference: str | None = None
) -> Changed:
    """An operator's decision; `reference`: the transaction as which it was paid, if that is known.  Statuses: ok (also
    repeated), not_found, conflict, banned, taken (that transaction counts for another)."""
    values = {
        "withdrawal_id": withdrawal_id,
        "decision": decision,
        "reference": reference,
        "now_ms": now_ms,
    }
    return _changed(await act(db, by, _REVIEW, values))


async def name_transaction(db: Database, withdrawal_id: str, reference: str, *, by: Actor) -> Changed:
    """An operator's word which transaction a withdrawal is that was sent and has none.  Statuses: ok (also repeated),
    not_found, conflict (it was not sent, or has another), taken (it counts for another)."""
    values = {"withdrawal_id": withdrawal_id, "reference": reference}
    return _changed(await act(db, by, _NAME, values))


async def listed(db: Database, *, state: State | None, user_id: int | None, limit: int) -> list[Withdrawal]:
    """For operators: the latest, newest first."""
    values = {"state": state, "user_id": user_id, "limit": limit}
    return [Withdrawal(*row) for row in await db.rows(Role.SETTLER, None, _LIST, values)]


async def report(db: Database, withdrawal_id: str) -> tuple[Withdrawal, list[dict[str, Any]]] | None:
    """For operators: one withdrawal with every step of it."""
    row = await db.call(Role.SETTLER, None, _REPORT, {"withdrawal_id": withdrawal_id})
    return None if row is None else (Withdrawal(*row[1:]), row[0])


def _changed(row: Row | None) -> Changed:
    assert row is not None
    return Changed(row[0], row[1], _read(row[2:]))


def _read(row: Row) -> Withdrawal | None:
    return None if row[0] is None else Withdrawal(*row)
