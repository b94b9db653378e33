"""Logging in with Telegram: find or create the account, with_retries, and hand out a session.

Requirements A1 to A3; the transaction's patience is `persistence.accounts.login_retry`'s, for the bot too.
"""

import asyncio

from chance_tap.settings import Settings
from gateway.auth.accounts import banned, language_of
from gateway.auth.init_data import TelegramUser
from gateway.rest.endpoint import Call
from gateway.schemas.bonus import bonus_view
from gateway.schemas.rest import Session, Stats, User
from persistence.accounts.login_retry import with_retries
from persistence.postgres import users
from persistence.postgres.pool import Database
from persistence.postgres.referrals import normalise_code


async def log_in(db: Database, settings: Settings, player: TelegramUser) -> users.Account:
    """The player's account, made now if there is none.

    Raises:
        GameError: `banned`.
        StoreUnavailable: after the last retry; nothing is left half done, the transaction is whole or absent.
    """
    profile = users.TelegramProfile(
        telegram_id=player.telegram_id,
        first_name=player.first_name,
        last_name=player.last_name,
        username=player.username,
        photo_url=player.photo_url,
        language_code=player.language_code,
        is_demo=not settings.has_bot,
        referral_code=normalise_code(player.start_param or ""),
    )
    demo_stars = 0 if settings.is_production else settings.demo_stars
    account = await with_retries(lambda: users.log_in_telegram(db, profile, demo_stars))
    if account.banned:
        raise await banned(db, account.user_id)
    return account


async def open_session(call: Call, user_id: int) -> Session:
    """A new token for that player and the profile that it opens.

    Raises:
        GameError: `unauthorized` when the account is gone, `banned`.
    """
    user, epoch = await _profile_and_epoch(call, user_id)
    token, expires_at_ms = call.services.tokens.issue(user.user_id, user.telegram_id, user.role, epoch)
    return Session(token=token, expires_at_ms=expires_at_ms, user=user)


async def read_profile(call: Call) -> User:
    """The caller's own profile.

    Raises:
        GameError: `unauthorized` when the account is gone, `banned`.
    """
    user, _ = await _profile_and_epoch(call, call.user_id)
    return user


async def _profile_and_epoch(call: Call, user_id: int) -> tuple[User, int]:
    db = call.services.db
    me, run = await asyncio.gather(users.me(db, user_id), call.services.bonus.glance(user_id))
    if me.banned:
        raise await banned(db, user_id)
    user = User(
        user_id=str(me.user_id),
        telegram_id=None if me.telegram_id is None else str(me.telegram_id),
        name=me.name,
        username=me.username,
        photo_url=me.photo_url,
        language=language_of(me, call.country),
        email=me.email,
        role="admin" if me.role == "admin" else "user",
        balance=me.balance,
        coins=0,
        has_ton_wallet=me.has_ton_wallet,
        wallet=me.wallet,
        room_id=me.room_id,
        bonus=bonus_view(run) if run is not None and run.state in ("running", "done") else None,
        stats=Stats(games=me.games, wins=me.wins, won=me.won, best_rate=me.best_rate),
    )
    return user, me.session_epoch
