"""/offers: what this server offers, the same for everybody.  Asks no store."""

from typing import Final

from gateway.rest.endpoint import Call, Endpoint
from gateway.routes import development
from gateway.schemas.offers import BonusTerms, Bounds, Deposits, HeroOffer, Offers, PremiumTerm, WithdrawalWays
from persistence.bonus_runs import REWARD_USD
from persistence.payments.withdrawals import PREMIUM_STARS
from persistence.rooms.hero_rooms import ORGANIZER_BPS

PATH: Final = "/api/v1/offers"
CACHED_S: Final = 60


async def offers(call: Call) -> Offers:
    """Each switch is the condition on which its endpoint would not refuse with `forbidden`."""
    s = call.services.settings
    premium = s.withdrawals_premium == "on"
    reward = REWARD_USD * s.bonus_stars_per_usd
    has_bonus = s.bonus_budget_stars >= reward
    terms = [PremiumTerm(months, stars) for months, stars in PREMIUM_STARS.items()]
    return Offers(
        bot_username=s.bot_username or None,
        email=bool(s.smtp_url),
        deposits=Deposits(stars=s.stars_deposits == "on" and s.has_bot, ton=s.ton_deposits),
        deposit_stars=Bounds(s.stars_min, s.stars_max),
        deposit_ton_stars=Bounds(s.ton_min_stars, s.ton_max_stars),
        withdrawals=WithdrawalWays(
            ton=s.withdrawals_ton == "on",
            nanoton_per_star=call.services.withdrawals.known_rate(),
            spread_bps=s.ton_spread_bps,
            premium=premium,
            premium_months=terms if premium else [],
        ),
        withdrawal_stars=Bounds(s.withdrawal_min_stars, s.withdrawal_max_stars),
        wallet=bool(s.ton_connect_domains),
        wallet_manifest_url=s.wallet_manifest_url or None,
        ton_network=s.ton_network,
        ton_label=s.ton_label,
        bonus=has_bonus,
        bonus_terms=BonusTerms(s.bonus_goal, s.bonus_s * 1000, reward) if has_bonus else None,
        hero=HeroOffer(
            max_fee=s.hero_max_fee,
            capacity=s.hero_capacity,
            wait_ms=s.hero_wait_s * 1000,
            target=s.hero_target,
            organizer_bps=ORGANIZER_BPS,
        ),
        demo=development.is_offered(s),
    )


ENDPOINTS = [
    Endpoint(
        method="GET",
        path=PATH,
        handler=offers,
        summary="What this server offers: ways to pay and to be paid, the bonus, terms of hero rooms",
        answer=Offers,
        with_token=False,
        cached_s=CACHED_S,
    ),
]
