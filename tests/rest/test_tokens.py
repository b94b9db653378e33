"""Tokens: what is signed comes back, everything else is refused with its code."""

import base64
import json
from typing import Any

import jwt
import pytest

from gateway.auth import tokens as module
from gateway.auth.tokens import Tokens
from persistence.errors import ErrorCode, GameError

OLD, NEW = "an-old-secret-of-more-than-32-characters", "a-new-secret-of-more-than-32-characters"


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def refusal(tokens: Tokens, token: str) -> ErrorCode:
    with pytest.raises(GameError) as refused:
        tokens.verify(token)
    return refused.value.code


def forged(secret: str = NEW, *, header: dict[str, Any] | None = None, **changed: Any) -> str:
    kid = Tokens([secret], 60).issue("7", None, "user")[0].split(".")[0]
    headers = {"kid": json.loads(base64.urlsafe_b64decode(kid + "=="))["kid"], **(header or {})}
    now = int(Clock.now)
    payload = {"user_id": "7", "telegram_id": "5", "role": "user", "iat": now, "exp": now + 60, **changed}
    payload = {name: value for name, value in payload.items() if value is not ...}
    headers = {name: value for name, value in headers.items() if value is not ...}
    return jwt.encode(payload, secret, algorithm="HS256", headers=headers)


def test_claims_come_back() -> None:
    clock = Clock()
    tokens = Tokens([NEW], 60, clock)
    token, expires_at_ms = tokens.issue("7", "5", "admin")
    claims = tokens.verify(token)
    assert (claims.user_id, claims.telegram_id, claims.role) == ("7", "5", "admin")
    assert expires_at_ms == (int(clock.now) + 60) * 1000
    assert tokens.verify(token) is claims


def test_expiry_holds_for_tokens_verified_before() -> None:
    clock = Clock()
    tokens = Tokens([NEW], 60, clock)
    token, _ = tokens.issue("7", None, "user")
    tokens.verify(token)
    clock.now += 60
    assert refusal(tokens, token) is ErrorCode.TOKEN_EXPIRED
    assert refusal(tokens, token) is ErrorCode.TOKEN_EXPIRED


def test_rotation() -> None:
    token, _ = Tokens([OLD], 60).issue("7", None, "user")
    assert Tokens([NEW, OLD], 60).verify(token).user_id == "7"
    assert refusal(Tokens([NEW], 60), token) is ErrorCode.UNAUTHORIZED
    renewed, _ = Tokens([NEW, OLD], 60).issue("7", None, "user")
    assert Tokens([NEW], 60).verify(renewed).user_id == "7"


def test_what_a_holder_of_the_secret_may_leave_out() -> None:
    clock = Clock()
    bare: dict[str, Any] = {"header": {"kid": ...}, "iat": ..., "role": ...}
    for secret in (OLD, NEW):
        claims = Tokens([NEW, OLD], 60, clock).verify(forged(secret, **bare))
        assert (claims.user_id, claims.telegram_id, claims.role) == ("7", "5", "user")
    expired = forged(**bare, exp=int(clock.now) - 1)
    assert refusal(Tokens([NEW, OLD], 60, clock), expired) is ErrorCode.TOKEN_EXPIRED
    assert refusal(Tokens([NEW], 60, clock), forged(OLD, **bare)) is ErrorCode.UNAUTHORIZED


def test_every_changed_byte_is_refused() -> None:
    tokens = Tokens([NEW], 60)
    token, _ = tokens.issue("7", "5", "user")
    # The last character of a base64 part may hold unused bits, so two spellings of it can be equal.
    for position in range(len(token) - 1):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert refusal(tokens, changed) is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "é" * 20,
        "x" * 5000,
        "e30.e30.e30",
        forged(header={"kid": "ffffffff"}),
        forged(user_id=7),
        forged(user_id="-7"),
        forged(user_id="٧"),
        forged(user_id=...),
        forged(telegram_id=5),
        forged(telegram_id=...),
        forged(role="root"),
        forged(epoch="1"),
        forged(epoch=None),
        forged(epoch=True),
        forged(exp=...),
        forged(exp=1.5e30),
        forged(exp="soon"),
        forged(user_id="9" * 30),
        forged(role=None),
        forged(aud="others"),
        forged(nbf=int(Clock.now) * 2),
        forged(jti=7),
        jwt.encode({"user_id": "7"}, NEW * 2, algorithm="HS512"),
    ],
)
def test_forgeries(token: str) -> None:
    assert refusal(Tokens([NEW], 60, Clock()), token) is ErrorCode.UNAUTHORIZED


def test_algorithm_none() -> None:
    genuine = forged()
    header = json.loads(base64.urlsafe_b64decode(genuine.split(".")[0] + "=="))
    for algorithm in ("none", "None", "NONE", ""):
        header["alg"] = algorithm
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        for signature in ("", genuine.split(".")[2]):
            token = f"{head}.{genuine.split('.')[1]}.{signature}"
            assert refusal(Tokens([NEW], 60, Clock()), token) is ErrorCode.UNAUTHORIZED


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 3)
    tokens = Tokens([NEW], 60)
    issued = [tokens.issue(str(number), None, "user")[0] for number in range(1, 8)]
    for token in issued * 2:
        tokens.verify(token)
    assert len(tokens._verified) == 3
