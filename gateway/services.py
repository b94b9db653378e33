"""What every request may use.  Built once by the application's lifespan and handed down; nothing else is global."""

from dataclasses import dataclass

from chance_tap.settings import Settings
from gateway.auth.accounts import Accounts
from gateway.auth.init_data import InitDataCheck
from gateway.auth.tokens import Tokens
from gateway.limits import Rates
from gateway.live.hub import Hub
from gateway.tiers import TierBoard
from persistence.postgres.pool import Database
from persistence.redis.live import LiveStore
from persistence.seats import Seats


@dataclass(frozen=True, slots=True)
class Services:
    """The open stores and the objects that sit on them."""

    settings: Settings
    db: Database
    live: LiveStore
    seats: Seats
    hub: Hub
    tokens: Tokens
    init_data: InitDataCheck
    accounts: Accounts
    tiers: TierBoard
    rates: Rates
