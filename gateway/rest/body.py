"""Request bodies into models, every failure into its code.

What is not JSON at all is `invalid_json`; JSON of the wrong shape is `invalid_request` with the field named.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from gateway.errors import invalid
from gateway.schemas.fields import Claimed
from persistence.errors import ErrorCode, GameError

T = TypeVar("T", bound=msgspec.Struct)
# msgspec's messages end in "- at `$.field`", or name the field that is missing.
_AT: Final = re.compile(r"^(?P<problem>.*?)(?: - at `\$\.?(?P<at>[^`]*)`)?$", re.DOTALL)
_MISSING: Final = re.compile(r"missing required field `(?P<name>[^`]+)`")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The model that `body` holds.

    Raises:
        GameError: `invalid_json` or `invalid_request`.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise GameError(ErrorCode.INVALID_JSON) from None


def check_claimed(claimed: Claimed | Mapping[str, str], user_id: str, telegram_id: str | None) -> None:
    """Refuse a request that names somebody other than its token does.

    Raises:
        GameError: `forbidden`.
    """
    named: tuple[Any, Any]
    if isinstance(claimed, Claimed):
        named = (claimed.user_id, claimed.telegram_id)
    else:
        named = (claimed.get("user_id"), claimed.get("telegram_id"))
    if named[0] not in (None, user_id) or named[1] not in (None, telegram_id):
        raise GameError(ErrorCode.FORBIDDEN)


def _invalid(message: str) -> GameError:
    parts = _AT.match(message)
    problem, field = (parts["problem"], parts["at"] or "") if parts else (message, "")
    missing = _MISSING.search(problem)
    if missing:
        field, problem = ".".join(filter(None, (field, missing["name"]))), "missing"
    return invalid(field or "body", problem.replace("`", "").lower())
