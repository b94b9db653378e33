"""A notice as a message: its words in the player's language, and the button into the game."""

from typing import Final

from aiogram.methods import SendMessage
from aiogram.types import LinkPreviewOptions

from bot import keyboards, texts
from bot.language import language_for
from persistence.postgres.notices import Telling

_WORDS: Final = {
    "prize": texts.TOLD_PRIZE,
    "organizer_fee": texts.TOLD_ORGANIZER_FEE,
    "refund": texts.TOLD_REFUND,
    "cancelled": texts.TOLD_CANCELLED,
    "blocked": texts.TOLD_BLOCKED,
    "bonus": texts.TOLD_BONUS,
    "payment_refund": texts.TOLD_PAYMENT_REFUND,
    "withdrawal_return": texts.TOLD_WITHDRAWAL_RETURN,
    "chargeback": texts.TOLD_CHARGEBACK,
    "banned": texts.BANNED,
    "unbanned": texts.TOLD_UNBANNED,
    "appeal_answer": texts.TOLD_APPEAL_ANSWER,
    "game_starts": texts.TOLD_GAME_STARTS,
    "room_expires": texts.TOLD_ROOM_EXPIRES,
}
_BY_REASON: Final = {
    ("withdrawal_return", "refused"): texts.TOLD_WITHDRAWAL_REFUSED,
    ("withdrawal_sent", "ton"): texts.TOLD_WITHDRAWAL_TON,
    ("withdrawal_sent", "premium"): texts.TOLD_WITHDRAWAL_PREMIUM,
}
"""Kinds whose reason makes other words of them."""
_WITHOUT_BUTTON: Final = frozenset({"banned", "chargeback"})


def message_of(telling: Telling, mini_app_url: str) -> SendMessage:
    """What to send.  Plain text: a reason is an operator's words and no markup."""
    language = language_for(telling.language)
    reason = telling.reason or texts.NO_REASON[language]
    words = _BY_REASON.get((telling.kind, telling.reason or "")) or _WORDS[telling.kind]
    button = None
    if telling.kind not in _WITHOUT_BUTTON:
        button = keyboards.enter_game(mini_app_url, language)
    return SendMessage(
        chat_id=telling.telegram_id,
        text=words[language].format(amount=telling.amount or 0, reason=reason)[:4096],
        reply_markup=button,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
