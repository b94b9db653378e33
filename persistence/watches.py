"""Which periodic looks there must be with which settings, how old each may get, and how one is made.

A look that fails, or is not made at all, is an alarm: else a ledger that cannot be audited any more looks like one that
is right.  Must never look itself.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from persistence.postgres import watches
from persistence.postgres.audit import Finding
from persistence.postgres.pool import Database
from persistence.postgres.watches import Watch

AUDIT: Final = "audit"
STARS_READ: Final = "star-reconciliation"
STARS_COMPARED: Final = "star-differences"
CHAIN_COMPARED: Final = "chain-reconciliation"
PAYOUTS_COMPARED: Final = "payout-differences"
CHAIN_READ: Final = "ton-watcher"
LEADERBOARDS: Final = "leaderboards"
ORPHANED_SEATS: Final = "orphaned-seats"
ROUNDS: Final = frozenset({CHAIN_READ, LEADERBOARDS, ORPHANED_SEATS})
"""Made every few seconds: one that fails, as while a store fails over, is made again at once.  The alarm is that none
came to its end for minutes."""

SLACK_S: Final = 1800.0
"""More than the time limit of a look, and than the wait for a claim that a dead worker left."""
NOTED_EVERY_S: Final = 30.0
"""What is done every second or so is not written down each time."""


@dataclass(slots=True)
class Found:
    """What a look found so far; None: it counts nothing."""

    findings: int | None = None


def expected(settings: Settings) -> dict[str, float]:
    """The looks that must be made, and after how many seconds without a success each is an alarm."""
    ages = {
        AUDIT: 2 * 900 + SLACK_S,
        CHAIN_READ: 3 * settings.ton_poll_ms / 1000 + SLACK_S,
        LEADERBOARDS: 600.0,
        ORPHANED_SEATS: 600.0,
    }
    if settings.has_bot:
        ages[STARS_READ] = ages[STARS_COMPARED] = 3 * settings.stars_reconcile_s + SLACK_S
    if settings.ton_deposits or settings.ton_payout_key:
        ages[CHAIN_COMPARED] = 3 * settings.ton_reconcile_s + SLACK_S
    if settings.ton_payout_key:
        ages[PAYOUTS_COMPARED] = ages[CHAIN_COMPARED]
    return ages


def problem(watch: Watch, oldest_s: float) -> str | None:
    """What is wrong with a look that may be `oldest_s` old, in one line; None: nothing."""
    if watch.age_s > oldest_s:
        last = "never came to its end" if watch.succeeded_at is None else "last came to its end"
        why = "" if not watch.failures else f"; it failed {watch.failures} times: {watch.error}"
        return f"{last}, {watch.age_s / 3600:.1f} h by now{why}"
    if watch.failures and watch.name not in ROUNDS:
        return f"failed {watch.failures} times since it last came to its end: {watch.error}"
    return None


def overdue(known: Iterable[Watch], settings: Settings) -> list[Finding]:
    """The looks that these settings expect, and that were not made for too long."""
    ages = expected(settings)
    late = [each for each in known if each.age_s > ages.get(each.name, float("inf"))]
    return [Finding("watch_overdue", each.name, problem(each, ages[each.name]) or "") for each in late]


@asynccontextmanager
async def look(db: Database, name: str) -> AsyncIterator[Found]:
    """Make a look, and write down how it ended, also by a time limit.  What it raises goes on."""
    began, found = time.monotonic(), Found()
    try:
        yield found
    except Exception as error:
        with suppress(StoreUnavailable):  # the look's own error is the one to tell
            await watches.note(db, name, error=_words(error))
        raise
    await watches.note(db, name, findings=found.findings, took_ms=int((time.monotonic() - began) * 1000))


def looking(db: Database, name: str, round_: Callable[[], Awaitable[float]]) -> Callable[[], Awaitable[float]]:
    """A round of a loop, of which it is written down from time to time that it came to its end, and always that it
    failed."""
    noted_at = float("-inf")

    async def watched() -> float:
        nonlocal noted_at
        try:
            wait_s = await round_()
        except Exception as error:
            noted_at = float("-inf")
            with suppress(StoreUnavailable):
                await watches.note(db, name, error=_words(error))
            raise
        if time.monotonic() - noted_at >= NOTED_EVERY_S:
            await watches.note(db, name)
            noted_at = time.monotonic()
        return wait_s

    return watched


def _words(error: Exception) -> str:
    """An error in a line; a store's is what lies behind it, as a time limit."""
    behind = error.__cause__ if isinstance(error, StoreUnavailable) and error.__cause__ is not None else error
    lines = str(behind).splitlines()
    return f"{type(behind).__name__}: {lines[0] if lines else 'no word'}"[:200]
