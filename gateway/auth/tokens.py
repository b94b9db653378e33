"""JSON Web Tokens: HS256 only, `kid` in the header, secrets rotated by putting the new one first in JWT_SECRET.

Owns the token's claims and a bounded cache of tokens already verified (PyJWT costs more than all of a request's other
parsing).  A cached token is still checked against the clock.  Tokens are never logged.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import jwt

from persistence.errors import ErrorCode, GameError

Role = Literal["user", "admin"]
MAX_CHARACTERS: Final = 4096
LOGIN_LIFE_S: Final = 30 * 86400
_CACHE_SIZE: Final = 20_000
_REQUIRED: Final = ("user_id", "exp")
_MAX_USER_ID: Final = 2**63 - 1  # Postgres bigint


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a verified token speaks for.  `epoch`: of the account's sessions when it was issued.  `since_s`: when its
    holder logged in: renewed tokens keep it."""

    user_id: str
    telegram_id: str | None
    role: Role
    expires_s: int
    epoch: int = 0
    since_s: int = 0


class Tokens:
    """Signs with the first secret and verifies with any of them."""

    def __init__(
        self,
        jwt_secrets: Sequence[str],
        life_s: int,
        clock: Callable[[], float] = time.time,
        *,
        login_life_s: int = LOGIN_LIFE_S,
    ) -> None:
        keys = [(sha256(secret.encode()).hexdigest()[:8], secret.encode()) for secret in jwt_secrets if secret]
        if not keys:
            raise ValueError("at least one secret is needed")
        self._signing_id, self._signing_key = keys[0]
        self._keys = dict(keys)
        self._life_s = life_s
        self._login_life_s = login_life_s
        self._clock = clock
        self._verified: dict[str, Claims] = {}

    def issue(
        self, user_id: str, telegram_id: str | None, role: Role, epoch: int = 0, *, since_s: int | None = None
    ) -> tuple[str, int]:
        """A new token and the moment it expires, in ms.  `since_s`: when its holder logged in; None: now.  However
        often tokens are renewed, the last expires when the log-in is too long ago.

        Raises:
            GameError: `token_expired`, when it is.
        """
        now_s = int(self._clock())
        since_s = now_s if since_s is None else since_s
        expires_s = min(now_s + self._life_s, since_s + self._login_life_s)
        if expires_s <= now_s:
            raise GameError(ErrorCode.TOKEN_EXPIRED)
        payload = {"user_id": user_id, "telegram_id": telegram_id, "role": role, "iat": now_s, "exp": expires_s}
        payload["epoch"] = epoch
        payload["since"] = since_s
        payload["jti"] = secrets.token_urlsafe(9)  # so that a renewed token is another one, within a second too
        token = jwt.encode(payload, self._signing_key, algorithm="HS256", headers={"kid": self._signing_id})
        return token, expires_s * 1000

    def verify(self, token: str) -> Claims:
        """The claims of a token that one of our secrets signed.

        Raises:
            GameError: `token_expired`, or `unauthorized` for everything else that is wrong with it.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verify(token)
            if len(self._verified) >= _CACHE_SIZE:
                # Oldest first: a dict keeps the order of insertion.
                del self._verified[next(iter(self._verified))]
            self._verified[token] = claims
        elif claims.expires_s <= self._clock():
            del self._verified[token]
            raise GameError(ErrorCode.TOKEN_EXPIRED)
        return claims

    def _verify(self, token: str) -> Claims:
        if len(token) > MAX_CHARACTERS:
            raise GameError(ErrorCode.UNAUTHORIZED)
        try:
            claims = _claims(self._payload(token), self._life_s)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
            raise GameError(ErrorCode.UNAUTHORIZED) from None
        if claims.expires_s <= self._clock():
            raise GameError(ErrorCode.TOKEN_EXPIRED)
        return claims

    def _payload(self, token: str) -> dict[str, Any]:
        """What the token says; `kid` names the secret, and a token without one may be signed with any of ours."""
        for key_id, key in self._keys.items():
            with suppress(jwt.InvalidSignatureError):
                # The clock of this object decides about `exp`, so that tests need no patching and the cache agrees.
                decoded = jwt.decode_complete(
                    token,
                    key,
                    algorithms=["HS256"],
                    options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False},
                )
                if decoded["header"].get("kid", key_id) != key_id:
                    break
                payload: dict[str, Any] = decoded["payload"]
                return payload
        raise jwt.InvalidSignatureError


def _claims(payload: dict[str, object], life_s: int) -> Claims:
    user_id, telegram_id, expires_s = (payload[name] for name in ("user_id", "telegram_id", "exp"))
    role = payload.get("role", "user")
    epoch = payload.get("epoch", 0)
    if not isinstance(user_id, str) or not user_id.isascii() or not user_id.isdigit() or int(user_id) > _MAX_USER_ID:
        raise ValueError("user_id")
    if telegram_id is not None and not isinstance(telegram_id, str):
        raise ValueError("telegram_id")
    if type(expires_s) is not int:
        raise ValueError("exp")
    if type(epoch) is not int:
        raise ValueError("epoch")
    # A token of another program of the operator's may say neither.
    since_s = payload.get("since", payload.get("iat", expires_s - life_s))
    if type(since_s) is not int:
        raise ValueError("since")
    if role == "user":
        return Claims(user_id, telegram_id, "user", expires_s, epoch, since_s)
    if role == "admin":
        return Claims(user_id, telegram_id, "admin", expires_s, epoch, since_s)
    raise ValueError("role")
