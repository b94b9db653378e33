"""Notices, appeals and referrals."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Claimed, Moment, RoomId, Stars, UserId

NoticeKind = Literal[
    "prize",
    "organizer_fee",
    "refund",
    "cancelled",
    "blocked",
    "bonus",
    "payment_refund",
    "withdrawal_return",
    "withdrawal_sent",
    "withdrawal_waits",
    "chargeback",
    "debt",
    "banned",
    "unbanned",
    "appeal_answer",
]


class Appealed(msgspec.Struct):
    """What the player said against a block, and what was answered."""

    text: str
    created_ms: Moment
    answer: str | None
    answered_ms: Moment | None


class Notice(msgspec.Struct):
    """Something that happened to the player's Stars or account.  `reason` is a word for what a rule did, the way (ton,
    premium) of a withdrawal that was sent, and an operator's own words for a ban and an answer.  A withdrawal comes
    back `refused` by an operator or `failed`; a payment that was to be sent back and could not is `refused`.  `debt`:
    Stars that came in paid for a payment that Telegram had taken back; its `reason` is the kind of transfer that
    brought them."""

    notice_id: str
    kind: NoticeKind
    room_id: RoomId | None
    amount: Stars | None
    reason: str | None
    created_ms: Moment
    can_appeal: bool
    appeal: Appealed | None


class Notices(msgspec.Struct):
    notices: list[Notice]
    next_cursor: str | None


class AppealText(Claimed):
    """POST /notices/{id}/appeal."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class AppealAnswer(msgspec.Struct):
    ok: bool


class Invited(msgspec.Struct):
    """`finished`: has finished a game."""

    user_id: UserId
    name: str
    photo_url: str | None
    finished: bool
    joined_ms: Moment


class Referrals(msgspec.Struct):
    """`link` opens the bot with the code; null where the bot's name is not known."""

    code: str
    link: str | None
    invited: list[Invited]
    next_cursor: str | None
