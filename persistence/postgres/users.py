"""Users in Postgres: login by Telegram, the own profile, what a socket needs at hello.

Must never decide whether a login is genuine: the gateway has checked that before.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from persistence.errors import ErrorCode, GameError
from persistence.postgres.pool import Database, Role

LONGEST_TEXT: Final = {"first_name": 128, "last_name": 128, "username": 64, "language_code": 16}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp", "Mn", "Mc", "Me"})
_UNSEEN_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Of categories that are seen else: Hangul's fillers, and Braille without a dot."""
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramProfile:
    """What Telegram says about a user.  Lengths and control characters are the caller's to check.

    `keep_photo`: nothing is known of the photo, the old one stays.  `referral_code` counts for a new account only.
    """

    telegram_id: int
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    photo_url: str | None = None
    language_code: str | None = None
    is_demo: bool = False
    keep_photo: bool = False
    referral_code: str | None = None
    source: Literal["bot", "app"] = "app"


@dataclass(frozen=True, slots=True)
class Account:
    """The answer to a login."""

    user_id: int
    role: str
    banned: bool
    created: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Me:
    """A user's own view.  `best_rate` is in taps a second over the best 2 s; `room_id` is where a live seat binds.
    `wallet`: raw address of the linked wallet."""

    user_id: int
    telegram_id: int | None
    name: str
    username: str | None
    photo_url: str | None
    language: str | None
    language_code: str | None
    role: str
    banned: bool
    is_demo: bool
    balance: int
    room_id: str | None
    games: int
    wins: int
    won: int
    best_rate: float
    session_epoch: int
    has_ton_wallet: bool
    wallet: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Hello:
    """What a request and a socket's welcome depend on.  A token of an earlier `session_epoch` holds no more."""

    banned: bool
    room_id: str | None
    language: str | None
    session_epoch: int = 0
    person_id: int | None = None


def fit_text(field: str, value: str) -> str | None:
    """A text of a Telegram profile as it may be kept: neither Postgres (NUL, lone surrogates) nor another player's
    screen (turned direction) shall stumble over a name.  None: nothing of it would be seen, so there is none."""
    text = _UNFIT.sub("", value)[: LONGEST_TEXT[field]]
    return text if any(map(_is_seen, text)) else None


def _is_seen(sign: str) -> bool:
    """Neither a space, nor a mark without a letter, nor a letter without a mark.  A sign that is too new to be known
    here is seen, but for what Unicode keeps for marks of format (plane 14)."""
    category = unicodedata.category(sign)
    if category == "Cn":
        return not (0xE0000 <= ord(sign) <= 0xE0FFF or 0xFFF0 <= ord(sign) <= 0xFFF8)
    return category not in _UNSEEN and sign not in _UNSEEN_LETTERS


async def log_in_telegram(db: Database, profile: TelegramProfile, demo_stars: int) -> Account:
    """Find or make the account, all or nothing, and refresh the public profile.

    `language` is what was chosen, else what Telegram reports.  A new account gets `demo_stars` Stars
    through the ledger, once.
    """
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_user_id, o_role, o_banned, o_created, o_language FROM auth.enter_telegram(
            %(telegram_id)s, %(first_name)s, %(last_name)s, %(username)s, %(photo_url)s, %(keep_photo)s,
            %(language_code)s, %(is_demo)s, %(demo_stars)s, %(referral_code)s, %(source)s
        )
        """,
        {
            "telegram_id": profile.telegram_id,
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "username": profile.username or None,
            "photo_url": profile.photo_url or None,
            "language_code": profile.language_code or None,
            "is_demo": profile.is_demo,
            "demo_stars": demo_stars,
            "keep_photo": profile.keep_photo,
            "referral_code": profile.referral_code,
            "source": profile.source,
        },
    )
    return Account(*row)


async def share_phone(db: Database, telegram_id: int, phone_number: str) -> bool:
    """Keep the phone number that a player shared; False: there is no account."""
    row = await db.one(
        Role.LOGIN,
        None,
        "SELECT auth.share_phone(%(telegram_id)s, %(phone_number)s)",
        {"telegram_id": telegram_id, "phone_number": phone_number},
    )
    return bool(row[0])


async def me(db: Database, user_id: int) -> Me:
    """The user's own profile, balance, room and statistics.

    Raises:
        GameError: `unauthorized`, when there is no such account any more.
    """
    row = await db.call(
        Role.PLAYER,
        user_id,
        """
        SELECT a.user_id, a.telegram_id, u.name, a.username, u.photo_url, a.language, a.language_code, a.role,
            a.banned_at IS NOT NULL, u.is_demo, n.balance, n.room_id, n.games, n.wins, n.won, n.best / 2.0::float8,
            a.session_epoch, a.has_ton_wallet, w.address, l.email
        FROM auth.users AS a JOIN public.users AS u USING (user_id) CROSS JOIN game.my_numbers() AS n
        LEFT JOIN pay.my_wallet() AS w ON true LEFT JOIN auth.email_logins AS l ON l.user_id = a.user_id
        WHERE a.user_id = %(user_id)s
        """,
        {"user_id": user_id},
    )
    if row is None:
        raise GameError(ErrorCode.UNAUTHORIZED)
    return Me(*row)


async def ban_reason(db: Database, user_id: int) -> str | None:
    """Why the account was banned, as its player sees it; None: it is not, or nothing was written."""
    row = await db.call(
        Role.PLAYER,
        user_id,
        "SELECT a.ban_reason FROM auth.users AS a WHERE a.user_id = %(user_id)s",
        {"user_id": user_id},
    )
    return None if row is None else row[0]


async def set_language(db: Database, user_id: int, language: str) -> None:
    """Keep the language the user chose: `ru` or `en`.

    Raises:
        GameError: `unauthorized`, when there is no such account any more.
    """
    row = await db.call(
        Role.PLAYER,
        user_id,
        "UPDATE auth.users SET language = %(language)s WHERE user_id = %(user_id)s RETURNING user_id",
        {"user_id": user_id, "language": language},
    )
    if row is None:
        raise GameError(ErrorCode.UNAUTHORIZED)


async def hello(db: Database, user_ids: Sequence[int]) -> dict[int, Hello]:
    """For many at once: banned or not, the room to return to, the language chosen or reported, the sessions' epoch, and
    whose account it is.

    Unknown users are left out.
    """
    rows = await db.rows(
        Role.SEATS,
        None,
        """
        SELECT s.user_id, s.banned, s.room_id, s.language, s.session_epoch, auth.person_of(s.user_id)
        FROM auth.sessions_of(%(user_ids)s::bigint[]) AS s
        """,
        {"user_ids": list(user_ids)},
    )
    return {row[0]: Hello(*row[1:]) for row in rows}


async def accounts_of_same_person(db: Database, user_id: int) -> list[int]:
    """Every account of whoever has this one, this one included, the oldest first; empty: there is no such account."""
    rows = await db.rows(Role.CHAT, None, "SELECT auth.accounts_of(auth.person_of(%(user_id)s))", {"user_id": user_id})
    return [row[0] for row in rows]
