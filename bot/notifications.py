"""A notice as a message: its words in the player's language, and the button into the game, or to take a change back."""

from typing import Final

from aiogram.methods import SendMessage
from aiogram.types import LinkPreviewOptions

from bot import keyboards, texts
from bot.language import language_for
from persistence.postgres.notices import Delivery

_WORDS: Final = {
    "prize": texts.NOTICE_PRIZE,
    "organizer_fee": texts.NOTICE_ORGANIZER_FEE,
    "refund": texts.NOTICE_REFUND,
    "cancelled": texts.NOTICE_CANCELLED,
    "blocked": texts.NOTICE_BLOCKED,
    "bonus": texts.NOTICE_BONUS,
    "payment_refund": texts.NOTICE_PAYMENT_REFUND,
    "withdrawal_return": texts.NOTICE_WITHDRAWAL_RETURN,
    "withdrawal_waits": texts.NOTICE_WITHDRAWAL_WAITS,
    "chargeback": texts.NOTICE_CHARGEBACK,
    "debt": texts.NOTICE_DEBT,
    "banned": texts.BANNED,
    "unbanned": texts.NOTICE_UNBANNED,
    "appeal_answer": texts.NOTICE_APPEAL_ANSWER,
    "game_starts": texts.NOTICE_GAME_STARTS,
    "room_expires": texts.NOTICE_ROOM_EXPIRES,
}
_BY_REASON: Final = {
    ("payment_refund", "refused"): texts.NOTICE_PAYMENT_REFUND_REFUSED,
    ("login_linked", "email"): texts.NOTICE_EMAIL_LINKED,
    ("login_unlinked", "telegram"): texts.NOTICE_TELEGRAM_UNLINKED,
    ("withdrawal_return", "refused"): texts.NOTICE_WITHDRAWAL_REFUSED,
    ("withdrawal_sent", "ton"): texts.NOTICE_WITHDRAWAL_TON,
    ("withdrawal_sent", "premium"): texts.NOTICE_WITHDRAWAL_PREMIUM,
}
"""Kinds whose reason makes other words of them."""
_OBJECTABLE: Final = frozenset({"login_linked", "login_unlinked"})
_WITHOUT_BUTTON: Final = frozenset({"banned", "chargeback", "debt"})


def message_of(delivery: Delivery, mini_app_url: str) -> SendMessage:
    """What to send.  Plain text: a reason is an operator's words and no markup."""
    language = language_for(delivery.language)
    reason = delivery.reason or texts.NO_REASON[language]
    words = _BY_REASON.get((delivery.kind, delivery.reason or "")) or _WORDS[delivery.kind]
    button = None
    if delivery.kind in _OBJECTABLE:
        button = keyboards.object_to(int(delivery.subject), language)
    elif delivery.kind not in _WITHOUT_BUTTON:
        button = keyboards.enter_game(mini_app_url, language)
    return SendMessage(
        chat_id=delivery.telegram_id,
        text=words[language].format(amount=delivery.amount or 0, reason=reason)[:4096],
        reply_markup=button,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
