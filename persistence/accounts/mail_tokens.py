"""Tokens that come by mail: 256 bits, made of a random nonce and a secret that no database holds.

The database keeps the nonce until the mail is sent and the token's hash until it is used, so neither a copy of it nor
its log opens an account.  The key is derived from JWT_SECRET (HKDF, RFC 5869); while that is rotated, a token that was
asked for with the old secret is still found, by its hash.  Must never be logged.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO: Final = b"chance-tap mail tokens"
_TOKEN: Final = re.compile(r"[0-9a-f]{64}")


class MailTokens:
    """Makes tokens with the first secret and finds them with any."""

    def __init__(self, jwt_secrets: Sequence[str]) -> None:
        self._keys = [
            HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode()) for secret in jwt_secrets
        ]

    def make(self) -> tuple[bytes, bytes]:
        """(nonce, token's hash) of a new token."""
        nonce = secrets.token_bytes(16)
        return nonce, sha256(_derive(self._keys[0], nonce)).digest()

    def reveal(self, nonce: bytes, token_hash: bytes) -> str | None:
        """The token itself, for its mail; None: none of the secrets made it."""
        for key in self._keys:
            token = _derive(key, nonce)
            if hmac.compare_digest(sha256(token).digest(), token_hash):
                return token.hex()
        return None


def hash_of(token: str) -> bytes | None:
    """The hash under which a token is kept; None: it is not one."""
    return sha256(bytes.fromhex(token)).digest() if _TOKEN.fullmatch(token) else None


def _derive(key: bytes, nonce: bytes) -> bytes:
    return hmac.digest(key, nonce, "sha256")
