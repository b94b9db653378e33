"""What every request may use.  Built once by the application's lifespan and handed down; nothing else is global."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chance_tap.settings import Settings
from gateway.auth.accounts import Accounts
from gateway.auth.init_data import InitDataCheck
from gateway.auth.passwords import Passwords
from gateway.auth.throttle import LoginThrottle
from gateway.auth.tokens import Tokens
from gateway.cache.leaderboards import Leaderboards
from gateway.cache.tiers import TierBoard
from gateway.lifecycle.drain import Drain
from gateway.live.endpoint import GameEndpoint
from gateway.proxies import TrustedProxies
from gateway.rate_limits import LastingRates, Rates
from persistence.accounts.mail_tokens import MailTokens
from persistence.bonus_runs import BonusRuns
from persistence.payments.stars import StarPayments
from persistence.payments.ton_deposits import TonDeposits
from persistence.payments.wallets import Wallets
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres.pool import Database
from persistence.postgres.response_writer import ResponseWriter
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats

if TYPE_CHECKING:
    import aiogram

    from bot.updates import Updates


@dataclass(frozen=True, slots=True)
class Services:
    """The open stores and the objects that sit on them."""

    settings: Settings
    db: Database
    live: RedisStore
    seats: Seats
    bonus: BonusRuns
    bot: "aiogram.Bot | None"
    stars: StarPayments
    ton: TonDeposits
    wallets: Wallets
    withdrawals: Withdrawals
    responses: ResponseWriter
    sockets: GameEndpoint
    drain: Drain
    tokens: Tokens
    init_data: InitDataCheck
    fresh_init_data: InitDataCheck
    passwords: Passwords
    mail_tokens: MailTokens
    login_throttle: LoginThrottle
    accounts: Accounts
    tiers: TierBoard
    leaderboards: Leaderboards
    rates: Rates
    lasting_rates: LastingRates
    proxies: TrustedProxies
    updates: "Updates | None"
