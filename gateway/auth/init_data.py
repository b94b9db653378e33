"""Checks the Mini App's `initData` and reads the player's profile from it.

Source: core.telegram.org/bots/webapps, "Validating data received via the Mini App": HMAC-SHA-256 over the sorted
`key=value` lines of everything but `hash` (the Ed25519 `signature` stays in: it is for third parties).  Whatever is
malformed is `init_data_invalid`; nothing here may raise anything else, and init data is never logged.
"""

import hmac
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from persistence.errors import ErrorCode, GameError
from persistence.postgres.users import LONGEST_TEXT, fit_text

MAX_BYTES: Final = 16_384
MAX_PAIRS: Final = 64
FUTURE_TOLERANCE_S: Final = 60
MAX_TELEGRAM_ID: Final = 2**52
_START_PARAM: Final = re.compile(rb"[A-Za-z0-9_-]{1,512}")
_PHOTO_URL: Final = re.compile(r"https://[!-~]{1,1000}")
_HEX_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_AUTH_DATE: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class TelegramUser:
    """What init data says about the player; texts are cut to what the profile holds, never refused for their length."""

    telegram_id: int
    first_name: str | None
    last_name: str | None
    username: str | None
    photo_url: str | None
    language_code: str | None
    start_param: str | None = None


class InitDataCheck:
    """The check for one bot; the key made of its token is kept instead of the token."""

    def __init__(self, bot_token: str, max_age_s: int) -> None:
        self._key = hmac.digest(b"WebAppData", bot_token.encode(), "sha256")
        self._max_age_s = max_age_s

    def __call__(self, init_data: str, now_s: float) -> TelegramUser:
        """The player whom `init_data` speaks for.

        Raises:
            GameError: `init_data_invalid` for anything forged, malformed or from the future, `init_data_expired`
                when it is genuine and too old.
        """
        pairs = _pairs(init_data)
        if not hmac.compare_digest(self._digest(pairs), _received_hash(pairs)):
            raise GameError(ErrorCode.INIT_DATA_INVALID)
        age_s = now_s - _auth_date(pairs)
        if age_s < -FUTURE_TOLERANCE_S:
            raise GameError(ErrorCode.INIT_DATA_INVALID)
        if age_s > self._max_age_s:
            raise GameError(ErrorCode.INIT_DATA_EXPIRED)
        return _user(pairs)

    def sign(self, fields: dict[str, str]) -> str:
        """Init data as Telegram would send it, for demo players."""
        pairs = {name.encode(): value.encode() for name, value in fields.items()}
        pairs[b"hash"] = self._digest(pairs).encode()
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())

    def _digest(self, pairs: dict[bytes, bytes]) -> str:
        lines = sorted(name + b"=" + value for name, value in pairs.items() if name != b"hash")
        return hmac.new(self._key, b"\n".join(lines), sha256).hexdigest()


def _pairs(init_data: str) -> dict[bytes, bytes]:
    """Decoded fields; blank values stay (they are signed), a name given twice is refused: which one counts differs."""
    try:
        raw = init_data.encode("ascii")
    except UnicodeEncodeError:
        raise GameError(ErrorCode.INIT_DATA_INVALID) from None
    if len(raw) > MAX_BYTES or raw.count(b"&") >= MAX_PAIRS:
        raise GameError(ErrorCode.INIT_DATA_INVALID)
    pairs: dict[bytes, bytes] = {}
    for part in raw.replace(b"+", b" ").split(b"&"):
        name, separator, value = part.partition(b"=")
        name = unquote_to_bytes(name)
        if not separator or not name or name in pairs:
            raise GameError(ErrorCode.INIT_DATA_INVALID)
        pairs[name] = unquote_to_bytes(value)
    return pairs


def _received_hash(pairs: dict[bytes, bytes]) -> str:
    received = pairs.get(b"hash", b"").decode("latin-1")
    if not _HEX_DIGEST.fullmatch(received):
        raise GameError(ErrorCode.INIT_DATA_INVALID)
    return received


def _auth_date(pairs: dict[bytes, bytes]) -> int:
    text = pairs.get(b"auth_date", b"").decode("latin-1")
    if not _AUTH_DATE.fullmatch(text):
        raise GameError(ErrorCode.INIT_DATA_INVALID)
    return int(text)


def _user(pairs: dict[bytes, bytes]) -> TelegramUser:
    try:
        user = json.loads(pairs[b"user"].decode("utf-8"))
    except (KeyError, ValueError, RecursionError):
        raise GameError(ErrorCode.INIT_DATA_INVALID) from None
    telegram_id = user.get("id") if isinstance(user, dict) else None
    if type(telegram_id) is not int or not 0 < telegram_id < MAX_TELEGRAM_ID:
        raise GameError(ErrorCode.INIT_DATA_INVALID)
    photo_url = user.get("photo_url")
    start_param = pairs.get(b"start_param", b"")
    return TelegramUser(
        telegram_id=telegram_id,
        photo_url=photo_url if isinstance(photo_url, str) and _PHOTO_URL.fullmatch(photo_url) else None,
        start_param=start_param.decode() if _START_PARAM.fullmatch(start_param) else None,
        **{name: _text(user, name) for name in LONGEST_TEXT},
    )


def _text(user: dict[str, Any], name: str) -> str | None:
    value = user.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise GameError(ErrorCode.INIT_DATA_INVALID)
    return fit_text(name, value)
