"""Telegram's list of a bot's Star transactions, page by page, as plain JSON.

Each element is read by itself: a kind of partner or a form that is new at Telegram hides no payment behind it.  Must
never be read as aiogram types it, which stops at the first element that it does not know.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import aiogram
import msgspec
from aiogram.methods import TelegramMethod

from persistence.errors import TelegramUnavailable
from persistence.odd import Odd, sort_out
from persistence.telegram import ask

PAGE: Final = 100  # the most that Telegram gives at once

KNOWN_PARTNERS: Final = {"user", "chat", "affiliate_program", "fragment", "telegram_ads", "telegram_api"}
"""Partners of which it is known what they are; `other` is Telegram's own word for what it does not say."""
KNOWN_KINDS: Final = {
    "invoice_payment",
    "paid_media_payment",
    "gift_purchase",
    "premium_purchase",
    "business_account_transfer",
}
"""What is done with users: `transaction_type` of the Bot API."""


class StarTransactions(TelegramMethod[dict[str, Any]]):
    """getStarTransactions, answered as it comes."""

    __returning__ = dict[str, Any]
    __api_method__ = "getStarTransactions"

    offset: int
    limit: int


_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**36)]
_Billionths = Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class User(msgspec.Struct):
    id: _Number


class Partner(msgspec.Struct):
    type: _Name
    transaction_type: str | None = None
    user: User | None = None
    invoice_payload: str | None = None
    premium_subscription_duration: int | None = None


class Entry(msgspec.Struct):
    """One transaction; a refund repeats the id of the payment, with a receiver."""

    id: _Name
    amount: _Number
    date: _Seconds
    nanostar_amount: _Billionths = 0
    source: Partner | None = None
    receiver: Partner | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is of a kind that this program knows."""
        partner = self.receiver or self.source
        if partner is None or partner.type not in KNOWN_PARTNERS:
            return False
        return partner.type != "user" or partner.transaction_type in KNOWN_KINDS


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list: what was understood, what was not, and how much of the list both are."""

    entries: list[Entry]
    odd: list[Odd]
    length: int


def read_entry(raw: Any) -> Entry:
    """One element.

    Raises:
        msgspec.ValidationError: it has not the form of one.
    """
    return msgspec.convert(raw, Entry)


async def read_page(bot: aiogram.Bot, offset: int) -> Page:
    """The transactions from `offset` on, at most PAGE, oldest first.

    Raises:
        TelegramUnavailable, TelegramRefused: as `ask`; also where the answer is no list at all.
    """
    answer = await ask(bot, StarTransactions(offset=offset, limit=PAGE))
    elements = answer.get("transactions")
    if not isinstance(elements, list):
        raise TelegramUnavailable("getStarTransactions: no list")
    entries, odd = sort_out(elements, read_entry, named="id")
    return Page(entries, odd, len(elements))
