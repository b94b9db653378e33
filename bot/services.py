"""What every handler may use; handed down by the dispatcher as `services`."""

from dataclasses import dataclass

from chance_tap.settings import Settings
from persistence.payments.stars import StarPayments
from persistence.payments.wallets import Wallets
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore


@dataclass(frozen=True, slots=True)
class Services:
    """The open stores and what sits on them."""

    settings: Settings
    db: Database
    live: RedisStore
    stars: StarPayments
    wallets: Wallets
