"""Payments: orders whose time is over expire, refunds that wait are asked for.

Owns when; what happens stands in `persistence/payments/stars.py`.  Several workers may do the same at once.
"""

from persistence.payments.stars import StarPayments
from workers import metrics

PERIOD_S = 1.3


class PaymentLoop:
    """One round each second or so."""

    def __init__(self, stars: StarPayments) -> None:
        self._stars = stars

    async def round(self) -> float:
        """Expire, then send back.  Telegram may be away for long: that holds up no expiry."""
        metrics.payments_expired.inc(await self._stars.expire())
        metrics.star_refunds_asked.inc(await self._stars.send_refunds())
        return PERIOD_S
