"""Who the virtual players are: Telegram ids of a reserved range, plausible names, signed init data.

The ids lie far above those that Telegram gives out and below 2**52, so a virtual player is never a person.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

SIMULATED_IDS = 900_000_000_000_000
OPPONENT_IDS = 910_000_000_000_000

_RUSSIAN = (
    "Аня", "Дима", "Катя", "Саша", "Лена", "Миша", "Оля", "Женя", "Паша", "Ира",
    "Никита", "Маша", "Рома", "Юля", "Тимур", "Вика", "Лёша", "Настя", "Артём", "Даша",
    "Костя", "Алина", "Глеб", "Соня", "Влад", "Полина", "Егор", "Ксюша", "Денис", "Рита",
)  # fmt: skip
_ENGLISH = (
    "Emma", "Liam", "Nora", "Jack", "Chloe", "Mateo", "Ivy", "Owen", "Zara", "Leo",
    "Ruby", "Max", "Elena", "Sam", "Freya", "Hugo", "Maya", "Alex", "Lucy", "Noah",
    "Tom", "Grace", "Kai", "Nina", "Ben", "Layla", "Theo", "Alice", "Omar", "Julia",
)  # fmt: skip
# Last names that fit either a woman or a man, since the first names are of both.
_RUSSIAN_LAST = (None, "К.", None, "Лис", "Мороз", None, "Бондаренко", "Черных", "С.", "Гончар", None, "Долгих")
_ENGLISH_LAST = (None, "Miller", None, "Reed", "Park", None, "Kovács", "Hill", "B.", "Stone", None, "Moreau")


@dataclass(frozen=True, slots=True)
class Identity:
    """A Telegram profile as init data carries it."""

    telegram_id: int
    first_name: str
    last_name: str | None
    username: str | None
    language_code: str


def identity(telegram_id: int) -> Identity:
    """The profile that belongs to `telegram_id`: always the same one, so a player keeps the name between runs."""
    pick = int.from_bytes(hashlib.sha256(str(telegram_id).encode()).digest()[:8], "big")
    russian = pick & 1 == 0
    names, last_names = (_RUSSIAN, _RUSSIAN_LAST) if russian else (_ENGLISH, _ENGLISH_LAST)
    return Identity(
        telegram_id=telegram_id,
        first_name=names[(pick >> 1) % len(names)],
        last_name=last_names[(pick >> 16) % len(last_names)],
        username=None if pick & 6 else f"tap_{pick % 1_000_000:06d}",
        language_code="ru" if russian else "en",
    )


def init_data(who: Identity, bot_token: str) -> str:
    """Init data as Telegram hands it to the Mini App, signed with `bot_token`.

    Algorithm: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
    """
    user: dict[str, object] = {"id": who.telegram_id, "first_name": who.first_name, "language_code": who.language_code}
    if who.last_name:
        user["last_name"] = who.last_name
    if who.username:
        user["username"] = who.username
    fields = {
        "auth_date": str(int(time.time())),
        "query_id": f"SIM{who.telegram_id}",
        "user": json.dumps(user, ensure_ascii=False, separators=(",", ":")),
    }
    check = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    secret = hmac.digest(b"WebAppData", bot_token.encode(), "sha256")
    fields["hash"] = hmac.digest(secret, check.encode(), "sha256").hex()
    return urlencode(fields)
