"""What every successful log-in answers with: a token, and the profile that it opens.

Shared by the endpoints of log-in, renewal and profile; has none of its own.
"""

import asyncio

from gateway.auth.accounts import banned, language_of
from gateway.rest.endpoint import Call
from gateway.schemas.bonus import bonus_view
from gateway.schemas.rest import Session, Stats, User
from persistence.postgres import users


async def open_session(call: Call, user_id: int, *, since_s: int | None = None) -> Session:
    """A new token for that player and the profile that it opens.  `since_s`: of a renewed session, when it began.

    Raises:
        GameError: `unauthorized` when the account is gone, `banned`; `token_expired`, when it began too long ago.
    """
    user, epoch = await _profile_and_epoch(call, user_id)
    token, expires_at_ms = call.services.tokens.issue(user.user_id, user.telegram_id, user.role, epoch, since_s=since_s)
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
