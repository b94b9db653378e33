"""The periodic jobs: purges of what need not be kept, and the audit.

Several workers may run one at once, and one that dies is run again at its next time.  Must never change money: what
the audit finds is an operator's to decide.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from arq import cron
from arq.cron import CronJob

from persistence import watches
from persistence.postgres import idempotency, logins, records, reviews, telegram_chats
from persistence.postgres.audit import LIMIT_S
from persistence.rooms.audit import audit
from workers import metrics

log = structlog.get_logger(__name__)

AUDIT_MINUTES: Final = {7, 22, 37, 52}
REVIEW_SECOND: Final = 41
PURGE_MINUTES: Final = {13}
PURGE_ROWS: Final = 10_000
PURGE_RECORDS: Final = 1_000
"""They are long: so many at once."""
KEEP_UPDATES_S: Final = 3 * 86_400.0
KEEP_RECORDS_S: Final = 90 * 86_400.0
KEEP_SIGNALS_S: Final = 365 * 86_400.0


def cron_jobs() -> list[CronJob]:
    """Every job with its minutes of each hour."""
    purges = (purge_keys, purge_updates, purge_records)
    return [
        cron(audit_ledger, minute=AUDIT_MINUTES, timeout=2 * LIMIT_S),
        cron(count_reviews, second=REVIEW_SECOND),
        *(cron(purge, minute=PURGE_MINUTES) for purge in purges),
    ]


async def purge_keys(ctx: dict[Any, Any]) -> None:
    """Forget Idempotency-Keys that are older than they must be kept, and tokens of mails that have expired."""
    await _in_parts(PURGE_ROWS, lambda: idempotency.purge(ctx["db"], limit=PURGE_ROWS))
    await _in_parts(PURGE_ROWS, lambda: logins.purge(ctx["db"], limit=PURGE_ROWS))


async def purge_updates(ctx: dict[Any, Any]) -> None:
    """Forget updates that Telegram no longer delivers again."""
    await _in_parts(
        PURGE_ROWS,
        lambda: telegram_chats.purge_updates(ctx["db"], older_than_s=KEEP_UPDATES_S, limit=PURGE_ROWS),
    )


async def purge_records(ctx: dict[Any, Any]) -> None:
    """Forget game records and signals that are older than they must be kept."""
    await _in_parts(
        PURGE_RECORDS,
        lambda: records.purge(ctx["db"], records_s=KEEP_RECORDS_S, signals_s=KEEP_SIGNALS_S, limit=PURGE_RECORDS),
    )


async def _in_parts(rows: int, purge: Callable[[], Awaitable[int]]) -> None:
    """Purge `rows` at once until fewer are left, so that no statement is long."""
    while await purge() >= rows:
        pass


async def count_reviews(ctx: dict[Any, Any]) -> None:
    """How many games and winnings wait for an operator, and for how long."""
    count, oldest_s = await reviews.waiting(ctx["db"])
    metrics.reviews_waiting.set(count)
    metrics.oldest_review.set(oldest_s)


async def audit_ledger(ctx: dict[Any, Any]) -> None:
    """Look whether the ledger is right and both stores agree; a finding is an alarm, and so is an audit that cannot be
    made.  Nothing is changed."""
    async with watches.look(ctx["db"], watches.AUDIT) as found:
        findings = await audit(ctx["live"], ctx["db"])
        found.findings = len(findings)
    for finding in findings:
        log.error("audit", rule=finding.rule, subject=finding.subject, detail=finding.detail)
