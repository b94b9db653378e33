"""Log-ins by e-mail in Postgres: tokens, password hashes, and what links log-in methods to one user.

Must never see a password or a token, and never decides whether a proof is good: the gateway has checked that before.
"""

from dataclasses import dataclass
from typing import Any, Literal

from persistence.postgres.pool import Database, Role

Purpose = Literal["register", "link", "reset"]
LoginMethod = Literal["telegram", "email"]


@dataclass(frozen=True, slots=True)
class EmailLogin:
    """What a password is checked against."""

    user_id: int
    password_hash: str


@dataclass(frozen=True, slots=True)
class MailToken:
    """What a token is good for; `password_hash` is of the password chosen with it."""

    purpose: Purpose
    email: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class LoginMethods:
    """How a user can log in: by e-mail and password, by Telegram, or by both."""

    email: str | None
    password_hash: str | None
    telegram_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequest:
    """A mail with a token.  `nonce` and `token_hash` come from `persistence.accounts.mail_tokens`."""

    purpose: Purpose
    email: str
    language: str
    nonce: bytes
    token_hash: bytes
    life_s: float
    user_id: int | None = None
    password_hash: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """By which a change can be taken back from its mail; from `persistence.accounts.mail_tokens`."""

    nonce: bytes
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Unlinked:
    """`ok`; `conflict`: it is the last one; `limit_reached`: the one that would stay is too new until `until_ms`.
    `epoch`: the first of sessions that holds."""

    status: Literal["ok", "conflict", "limit_reached"]
    epoch: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Objected:
    """`ok`; `not_found`: nothing that could be taken back, or no longer; `conflict`: an account that was used since
    stands in the way.  `epoch`: the first of sessions that holds."""

    status: Literal["ok", "not_found", "conflict"]
    user_id: int
    epoch: int


async def ask_mail(db: Database, request: MailRequest) -> None:
    """Write down a token and the mail that brings it; the same work whether or not the address is known."""
    await db.call(
        Role.LOGIN,
        None,
        """
        SELECT auth.ask_mail(
            %(purpose)s, %(email)s, %(user_id)s, %(password_hash)s, %(name)s, %(language)s, %(nonce)s, %(token_hash)s,
            %(life_s)s
        )
        """,
        {name: getattr(request, name) for name in MailRequest.__slots__},
    )


async def email_login(db: Database, email: str) -> EmailLogin | None:
    """Who logs in with that address."""
    row = await db.call(
        Role.LOGIN, None, "SELECT user_id, password_hash FROM auth.email_login(%(email)s)", {"email": email}
    )
    return EmailLogin(*row) if row else None


async def rehash(db: Database, login: EmailLogin, password_hash: str) -> None:
    """Keep the same password under newer parameters, unless it was changed meanwhile."""
    await db.call(
        Role.LOGIN,
        None,
        "SELECT auth.rehash(%(user_id)s, %(old)s, %(new)s)",
        {"user_id": login.user_id, "old": login.password_hash, "new": password_hash},
    )


async def look_at_token(db: Database, token_hash: bytes) -> MailToken | None:
    """What a token is good for, without using it up; None: unknown, used or expired."""
    row = await db.call(
        Role.LOGIN,
        None,
        "SELECT purpose, email, password_hash FROM auth.look_at_token(%(token_hash)s)",
        {"token_hash": token_hash},
    )
    return MailToken(*row) if row else None


async def use_registration(
    db: Database, token_hash: bytes, *, is_demo: bool, demo_stars: int
) -> tuple[str, int, int | None]:
    """Confirm an address: (`ok` | `not_found` | `conflict` | `banned`, user id or 0, where it was added to an account
    the first epoch of sessions that holds)."""
    row = await db.one(
        Role.LOGIN,
        None,
        "SELECT o_status, coalesce(o_user_id, 0), o_epoch"
        " FROM auth.use_registration(%(token_hash)s, %(is_demo)s, %(stars)s)",
        {"token_hash": token_hash, "is_demo": is_demo, "stars": demo_stars},
    )
    return row[0], row[1], row[2]


async def reset_password(db: Database, token_hash: bytes, password_hash: str) -> tuple[str, int, int]:
    """A new password by a token: (`ok` | `not_found`, user id or 0, the first epoch of sessions that holds)."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_user_id, 0), coalesce(o_epoch, 0)
        FROM auth.reset_password(%(token_hash)s, %(password_hash)s)
        """,
        {"token_hash": token_hash, "password_hash": password_hash},
    )
    return row[0], row[1], row[2]


async def login_methods(db: Database, user_id: int) -> LoginMethods | None:
    """How the user can log in; None: there is no such account."""
    row = await db.call(Role.PLAYER, user_id, "SELECT email, password_hash, telegram_id FROM auth.my_login()")
    return LoginMethods(*row) if row else None


async def change_password(db: Database, user_id: int, old_hash: str, new_hash: str) -> int | None:
    """The first epoch of sessions that holds; None: the password was changed meanwhile."""
    row = await db.call(
        Role.PLAYER,
        user_id,
        "SELECT auth.change_password(%(old_hash)s, %(new_hash)s)",
        {"old_hash": old_hash, "new_hash": new_hash},
    )
    return None if row is None else row[0]


async def link_telegram(db: Database, user_id: int, telegram_id: int, objection: Objection) -> tuple[str, int]:
    """(`ok` | `conflict` | `banned` | `unauthorized`, who the user is then)."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_user_id, 0)
        FROM auth.link_telegram(%(user_id)s, %(telegram_id)s, %(nonce)s, %(token_hash)s)
        """,
        {
            "user_id": user_id,
            "telegram_id": telegram_id,
            "nonce": objection.nonce,
            "token_hash": objection.token_hash,
        },
    )
    return row[0], row[1]


async def link_email(db: Database, user_id: int, email: str, objection: Objection) -> tuple[str, int]:
    """Join with the account of an e-mail log-in: (`ok` | `conflict` | `banned`, who the user is then)."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_user_id, 0)
        FROM auth.link_email(%(user_id)s, %(email)s, %(nonce)s, %(token_hash)s)
        """,
        {"user_id": user_id, "email": email, "nonce": objection.nonce, "token_hash": objection.token_hash},
    )
    return row[0], row[1]


async def unlink(db: Database, user_id: int, method: LoginMethod, objection: Objection) -> Unlinked:
    """Take a log-in method away."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_epoch, 0), o_until_ms
        FROM auth.unlink(%(user_id)s, %(method)s, %(nonce)s, %(token_hash)s)
        """,
        {"user_id": user_id, "method": method, "nonce": objection.nonce, "token_hash": objection.token_hash},
    )
    return Unlinked(*row)


async def object_by_mail(db: Database, token_hash: bytes) -> Objected:
    """Take a change of the login methods back, by the token of the mail that told of it."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_user_id, 0), coalesce(o_epoch, 0)
        FROM auth.object_to_change(NULL, NULL, %(token_hash)s)
        """,
        {"token_hash": token_hash},
    )
    return Objected(*row)


async def object_in_chat(db: Database, change_id: int, telegram_id: int) -> Objected:
    """Take a change of the login methods back, by who had that Telegram account before it."""
    row = await db.one(
        Role.LOGIN,
        None,
        """
        SELECT o_status, coalesce(o_user_id, 0), coalesce(o_epoch, 0)
        FROM auth.object_to_change(%(change_id)s, %(telegram_id)s, NULL)
        """,
        {"change_id": change_id, "telegram_id": telegram_id},
    )
    return Objected(*row)


async def purge(db: Database, *, limit: int) -> int:
    """Forget expired tokens, and changes that can no longer be taken back, at most `limit` of each; how many they
    were."""
    row: tuple[Any, ...] | None = await db.call(
        Role.SETTLER,
        None,
        "SELECT auth.purge_mail_tokens(%(limit)s) + auth.purge_login_changes(%(limit)s)",
        {"limit": limit},
    )
    assert row is not None
    return int(row[0])
