"""Bodies and answers of /auth for accounts by e-mail, and for linking them with Telegram."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Claimed
from gateway.schemas.rest import Session

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=320, description="an e-mail address")]
# Bounded generously: what a password must be is checked by the rule, not by the schema.
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024, description="8 to 128 characters in NFKC")]
MailedToken = Annotated[str, msgspec.Meta(min_length=1, max_length=128, description="from the link in an e-mail")]
MAX_INIT_DATA_CHARACTERS = 16_384
InitData = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_INIT_DATA_CHARACTERS)]


class Registration(Claimed):
    """POST /auth/register."""

    email: Email
    password: Password
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None


class Verification(Claimed):
    """POST /auth/verify.  The password chosen before proves that the reader of the mail is who asked for it."""

    token: MailedToken
    password: Password


class EmailLogin(Claimed):
    """POST /auth/login."""

    email: Email
    password: Password


class Forgotten(Claimed):
    """POST /auth/password/forgot."""

    email: Email


class Reset(Claimed):
    """POST /auth/password/reset."""

    token: MailedToken
    password: Password


class PasswordChange(Claimed):
    """POST /auth/password/change."""

    old_password: Password
    new_password: Password


class ObjectionToken(Claimed):
    """POST /auth/object."""

    token: MailedToken


class Link(Claimed):
    """POST /auth/link: either fresh `init_data`, to add Telegram, or `email` and `password`, to log in by them too; and
    a proof of the way in that is there: fresh `own_init_data` of the account's Telegram, or its `own_password`."""

    init_data: InitData | None = None
    email: Email | None = None
    password: Password | None = None
    own_init_data: InitData | None = None
    own_password: Password | None = None


class Unlink(Claimed):
    """POST /auth/unlink: the way in that goes, with a proof of one that is there: the account's `password`, or fresh
    `init_data` of its Telegram.  A way that was linked in the last 72 hours cannot remove an older one."""

    way: Literal["telegram", "email"]
    password: Password | None = None
    init_data: InitData | None = None


class Accepted(msgspec.Struct):
    """Whatever is to be done is done by mail; says nothing of whether the address is known."""

    status: Literal["accepted"] = "accepted"


class Undone(msgspec.Struct):
    """The change was taken back, and every session is over."""

    status: Literal["undone"] = "undone"


class Linked(msgspec.Struct):
    """`accepted`: a mail is on its way, if it must be; `linked`: done, and `session` replaces the caller's."""

    status: Literal["accepted", "linked"]
    session: Session | None
