"""Withdrawals: holds end, TON and Premium are sent.

Owns when, each method in a loop of its own: one whose chain or Telegram does not answer holds up no other.  What
happens stands in `persistence/payments/payouts.py`.  Several workers may do the same at once.
"""

from collections.abc import Awaitable, Callable

from persistence.payments.payouts import Payouts
from workers import metrics

PERIOD_S = 2.3


class PayoutLoop:
    """One kind of work of the pay-outs, every few seconds."""

    def __init__(self, kind: str, work: Callable[[], Awaitable[int]]) -> None:
        self._kind = kind
        self._work = work

    async def round(self) -> float:
        """Go on with whatever is due."""
        metrics.payout_steps.labels(self._kind).inc(await self._work())
        return PERIOD_S


def payout_rounds(payouts: Payouts) -> dict[str, Callable[[], Awaitable[float]]]:
    """The rounds by their names."""
    kinds = {"release": payouts.release, "ton": payouts.send_ton, "premium": payouts.send_premium}
    return {f"payouts-{kind}": PayoutLoop(kind, work).round for kind, work in kinds.items()}
