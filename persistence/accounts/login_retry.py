"""Retries of the log-in transaction, for the bot and the Mini App alike.

One transaction, repeated up to three times with backoff and jitter; what still fails is counted for the alert, logged
(and so reported to Sentry), and raised for the caller to refuse politely.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import psycopg
import structlog
from prometheus_client import Counter

from persistence.errors import StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")
RETRIES: Final = 3
FIRST_PAUSE_S: Final = 0.1
FAILURES: Final = (StoreUnavailable, psycopg.Error)
"""What a log-in transaction may end with when it is not a refusal; nothing of it took effect."""

login_failures = Counter(
    "chance_tap_login_transaction_failures_total",
    "Find-or-create transactions that failed for good, after every retry.",
)


async def with_retries(transaction: Callable[[], Awaitable[T]]) -> T:
    """The answer of the transaction.

    Raises:
        StoreUnavailable, psycopg.Error: after the last retry.
    """
    pause_s = FIRST_PAUSE_S
    for _ in range(RETRIES):
        try:
            return await transaction()
        except FAILURES:
            # Jitter: log-ins that failed together must not come back together.
            await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311
            pause_s *= 3
    try:
        return await transaction()
    except FAILURES as error:
        login_failures.inc()
        log.error("login transaction failed for good", attempts=RETRIES + 1, exc_info=error)
        raise
