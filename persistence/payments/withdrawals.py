"""Withdrawals as players and operators see them: asked for, listed, decided.

Sending is `persistence/payments/payouts.py`.  Owns the switches, the bounds and the events.  Stars leave the balance in
the transaction that records the request, so whatever dies, they are on the balance, in the account `held`, or paid
out.  Must never send anything.
"""

import uuid
from typing import Final

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError
from persistence.postgres import withdrawals
from persistence.postgres.acting import Actor
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.withdrawals import Changed, Decision, Method, NewWithdrawal, Requested, Rules
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged
from persistence.ton.exchange_rates import RateSource, paid_out

PREMIUM_STARS: Final = {3: 1000, 6: 1500, 12: 2500}
"""What Telegram takes from the bot for so many months of Premium."""


class Withdrawals:
    """`rate` is None where no TON is paid out.  Every method may raise StoreUnavailable and then be repeated."""

    def __init__(self, live: RedisStore, db: Database, rate: RateSource | None, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._rate = rate
        self._settings = settings

    async def request(
        self, user_id: int, key: IdempotencyKey, *, method: Method, stars: int, months: int | None
    ) -> Requested:
        """Take Stars from the balance to pay them out after the hold, once for a key.

        Raises:
            GameError: forbidden (switched off, or demonstration Stars), banned, conflict (no wallet or Telegram user is
                linked), idempotency_*, insufficient_balance (details: needed, balance), limit_reached (details: limit,
                until_ms).
        """
        settings = self._settings
        if (settings.withdrawals_ton if method == "ton" else settings.withdrawals_premium) != "on":
            raise GameError(ErrorCode.FORBIDDEN)
        rate = None
        if method == "ton":
            assert self._rate is not None
            rate = paid_out(await self._rate.nanoton_per_star(), settings.ton_spread_bps)
        wanted = NewWithdrawal(
            str(uuid.uuid4()), method, stars, months, settings.ton_network, rate, self._live.now_ms()
        )
        rules = Rules(
            hold_s=settings.withdrawal_hold_s,
            approval_stars=settings.withdrawal_approval_stars,
            account_day=settings.withdrawal_account_day_stars,
            house_day=settings.withdrawal_house_day_stars,
        )
        requested = await withdrawals.request(self._db, user_id, wanted, rules, key)
        match requested.status:
            case "new" | "resume":
                assert requested.withdrawal is not None
                publish_balance(self._live, Changed(requested.status, requested.balance, requested.withdrawal))
            case "stored":
                pass
            case "insufficient_balance":
                raise GameError(ErrorCode.INSUFFICIENT_BALANCE, {"needed": stars, "balance": requested.balance})
            case "limit_reached":
                raise GameError(ErrorCode.LIMIT_REACHED, {"limit": requested.limit, "until_ms": requested.until_ms})
            case code:
                raise GameError(ErrorCode(code))
        return requested

    def known_rate(self) -> int | None:
        """Nanoton for a Star as far as it is known here; what counts is the rate of the request."""
        if self._rate is None or self._settings.withdrawals_ton != "on" or (known := self._rate.known()) is None:
            return None
        return paid_out(known, self._settings.ton_spread_bps)

    async def review(
        self, withdrawal_id: str, decision: Decision, *, by: Actor, reference: str | None = None
    ) -> Changed:
        """An operator's decision; see `withdrawals.review` for the statuses."""
        now_ms = self._live.now_ms()
        changed = await withdrawals.review(self._db, withdrawal_id, decision, by=by, now_ms=now_ms, reference=reference)
        if changed.status == "ok":
            publish_balance(self._live, changed)
        return changed


def publish_balance(live: RedisStore, changed: Changed) -> None:
    """Publish the player's balance after a change of a withdrawal.  The state is in the list."""
    if changed.withdrawal is not None and changed.balance is not None:
        live.user_events.publish(changed.withdrawal.user_id, BalanceChanged(changed.balance))
