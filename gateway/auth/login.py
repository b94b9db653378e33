"""Logging in with Telegram: find or create the account, with retries.

The retries are those of `persistence.accounts.login_retry`, for the bot too.  The session that follows is opened by
`gateway.routes.session`.
"""

from chance_tap.settings import Settings
from gateway.auth.accounts import banned
from gateway.auth.init_data import TelegramUser
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
