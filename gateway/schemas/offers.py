"""Answer of /offers: what this server offers, so that nobody is shown what would be refused."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Count, Stars


class Bounds(msgspec.Struct):
    """Both ends count."""

    min: Stars
    max: Stars


class Deposits(msgspec.Struct):
    """Ways to put Stars on the balance that are switched on."""

    stars: bool
    ton: bool


class PremiumTerm(msgspec.Struct):
    """What so many months of Telegram Premium take from the balance."""

    months: Annotated[int, msgspec.Meta(ge=1, le=12)]
    stars: Stars


class WithdrawalWays(msgspec.Struct):
    """Ways to take Stars out that are switched on.  `premium_months` is empty where Premium is off.
    `nanoton_per_star` is an estimate, null where there is none: a withdrawal has the rate of its request.  It is what
    is paid for a Star, below the price of one by `spread_bps` hundredths of a per cent."""

    ton: bool
    nanoton_per_star: Annotated[int, msgspec.Meta(ge=1)] | None
    spread_bps: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    premium: bool
    premium_months: list[PremiumTerm]


class HeroOffer(msgspec.Struct):
    """What a hero room is made with; the organizer's part is in hundredths of a per cent of the pool."""

    max_fee: Stars
    capacity: Count
    wait_ms: Count
    target: Count
    organizer_bps: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class BonusTerms(msgspec.Struct):
    """So many taps within so long bring so many Stars, once an account."""

    goal: Count
    lasts_ms: Count
    reward: Stars


class Offers(msgspec.Struct):
    """GET /offers.  `email`: new accounts and new passwords by mail.  `wallet`: linking a TON wallet, whose app is
    shown `wallet_manifest_url` (null: only the page's own origin has one).  `ton_label` is what the coin is called.
    `bonus`: a run could be started as far as the settings say; the budget may be spent all the same."""

    bot_username: str | None
    email: bool
    deposits: Deposits
    deposit_stars: Bounds
    deposit_ton_stars: Bounds
    withdrawals: WithdrawalWays
    withdrawal_stars: Bounds
    wallet: bool
    wallet_manifest_url: str | None
    ton_network: Literal["mainnet", "testnet"]
    ton_label: Literal["GRAM", "TON"]
    bonus: bool
    bonus_terms: BonusTerms | None
    hero: HeroOffer
    demo: bool
