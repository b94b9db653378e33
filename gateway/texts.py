"""What players read: the message of every error code in Russian and English.

The language is the account's once somebody is logged in, else that of Accept-Language, else English.
"""

from collections.abc import Mapping
from typing import Final

from gateway.schemas.fields import Language
from persistence.errors import ErrorCode

DEFAULT_LANGUAGE: Final[Language] = "en"
_RUSSIAN_IS_OFFICIAL: Final = ("RU", "BY", "KZ", "KG")

_ERRORS: Final[Mapping[ErrorCode, Mapping[Language, str]]] = {
    ErrorCode.INVALID_REQUEST: {"en": "The request is not valid.", "ru": "Неверный запрос."},
    ErrorCode.INVALID_JSON: {"en": "This is not valid JSON.", "ru": "Это не корректный JSON."},
    ErrorCode.UNAUTHORIZED: {"en": "Please log in.", "ru": "Войдите в игру."},
    ErrorCode.TOKEN_EXPIRED: {
        "en": "Your session has ended, please log in again.",
        "ru": "Сеанс истёк, войдите снова.",
    },
    ErrorCode.INIT_DATA_INVALID: {
        "en": "Telegram's login data is not valid. Open the game from Telegram again.",
        "ru": "Данные входа Telegram неверны. Откройте игру из Telegram заново.",
    },
    ErrorCode.INIT_DATA_EXPIRED: {
        "en": "Telegram's login data is too old. Open the game from Telegram again.",
        "ru": "Данные входа Telegram устарели. Откройте игру из Telegram заново.",
    },
    ErrorCode.BAD_CREDENTIALS: {
        "en": "The e-mail address or the password is wrong.",
        "ru": "Неверный адрес почты или пароль.",
    },
    ErrorCode.INSUFFICIENT_BALANCE: {"en": "Not enough Stars.", "ru": "Недостаточно звёзд."},
    ErrorCode.FORBIDDEN: {"en": "This is not allowed.", "ru": "Это действие запрещено."},
    ErrorCode.BANNED: {"en": "This account is banned.", "ru": "Аккаунт заблокирован."},
    ErrorCode.LIMIT_REACHED: {"en": "A limit is reached.", "ru": "Достигнут лимит."},
    ErrorCode.TELEGRAM_NEEDED: {
        "en": "Stars are paid in Telegram. Link Telegram to this account first.",
        "ru": "Звёзды оплачиваются в Telegram. Сначала привяжите Telegram к этому аккаунту.",
    },
    ErrorCode.NOT_FOUND: {"en": "Not found.", "ru": "Не найдено."},
    ErrorCode.METHOD_NOT_ALLOWED: {
        "en": "This address does not take that method.",
        "ru": "Этот метод здесь не поддерживается.",
    },
    ErrorCode.ALREADY_IN_ROOM: {"en": "You are already in a room.", "ru": "Вы уже в комнате."},
    ErrorCode.ROOM_FULL: {"en": "The room is full.", "ru": "Комната заполнена."},
    ErrorCode.ROOM_CLOSED: {"en": "The room is closed.", "ru": "Комната закрыта."},
    ErrorCode.IDEMPOTENCY_MISMATCH: {
        "en": "This key was already used for another request.",
        "ru": "Этот ключ уже использован для другого запроса.",
    },
    ErrorCode.IDEMPOTENCY_IN_PROGRESS: {
        "en": "This request is still being worked on.",
        "ru": "Этот запрос ещё выполняется.",
    },
    ErrorCode.CONFLICT: {"en": "This cannot be done now.", "ru": "Сейчас это невозможно."},
    ErrorCode.TOO_LARGE: {"en": "The request is too large.", "ru": "Слишком большой запрос."},
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: {"en": "Send JSON, please.", "ru": "Отправьте данные в формате JSON."},
    ErrorCode.RATE_LIMITED: {
        "en": "Too many requests, please wait a moment.",
        "ru": "Слишком много запросов, подождите немного.",
    },
    ErrorCode.CLOCK: {
        "en": "The time of these taps does not fit the game.",
        "ru": "Время этих нажатий не подходит к игре.",
    },
    ErrorCode.INTERNAL: {"en": "Something went wrong on our side.", "ru": "Что-то пошло не так у нас."},
    ErrorCode.TEMPORARILY_UNAVAILABLE: {
        "en": "The service is busy, please try again in a moment.",
        "ru": "Сервис временно недоступен, попробуйте чуть позже.",
    },
}


def error_text(code: ErrorCode, language: Language) -> str:
    """The message of `code` for a reader of `language`."""
    return _ERRORS[code][language]


_STARS_TITLE: Final[Mapping[Language, str]] = {"en": "Chance Tap: {stars} Stars", "ru": "Chance Tap: звёзды, {stars}"}
_STARS_DESCRIPTION: Final[Mapping[Language, str]] = {
    "en": "Adds {stars} Telegram Stars to your balance in Chance Tap.",
    "ru": "Пополнение баланса в Chance Tap. Звёзд Telegram: {stars}.",
}


def stars_invoice(stars: int, language: Language) -> tuple[str, str]:
    """Title and description of an invoice of so many Stars."""
    return _STARS_TITLE[language].format(stars=stars), _STARS_DESCRIPTION[language].format(stars=stars)


def supported(language_code: str | None) -> Language | None:
    """Our language for an IETF tag such as `ru-RU`; None when it is not one of ours."""
    if not language_code:
        return None
    primary = language_code[:16].replace("_", "-").split("-", 1)[0].strip().lower()
    if primary == "ru":
        return "ru"
    return "en" if primary == "en" else None


def spoken_in(country: str) -> Language:
    """Where nobody said a language: Russian where it is an official one, by ISO 3166-1; else English."""
    return "ru" if country in _RUSSIAN_IS_OFFICIAL else DEFAULT_LANGUAGE


def from_accept_language(header: str | None) -> Language:
    """The best of our languages in an Accept-Language header (RFC 9110, 12.5.4); English when there is none."""
    best: tuple[float, Language] = (0.0, DEFAULT_LANGUAGE)
    for part in (header or "")[:256].split(","):
        tag, _, parameter = part.partition(";")
        language = supported(tag)
        if language is None:
            continue
        weight = _weight(parameter)
        if weight > best[0]:
            best = (weight, language)
    return best[1]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name == "q" and 0.0 <= weight <= 1.0 else 0.0
