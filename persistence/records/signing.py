"""Ed25519: the key that signs records, and its name.

The private key lives in the settings, or is derived from the first JWT secret, so that a machine started by one command
signs too.  Must never be written anywhere.
"""

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chance_tap.settings import Settings, SettingsError

_CONTEXT: Final = b"chance-tap-record/1 signature\0"
_DERIVATION: Final = b"chance-tap game records"
KEY_BYTES: Final = 32
_KEY_ID_DIGITS: Final = 16


class Signer:
    """Signs roots.  `public_key` and `key_id` are hex."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.public_key = public.hex()
        self.key_id = key_id_of(public)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Signer":
        """The configured key, or the one derived from the first JWT secret.

        Raises:
            SettingsError: neither is set.
        """
        if settings.record_signing_key:
            return cls(bytes.fromhex(settings.record_signing_key))
        secret = settings.jwt_secret.split(",")[0]
        if not secret:
            raise SettingsError("RECORD_SIGNING_KEY and JWT_SECRET are not set: signing game records needs one.")
        return cls(HKDF(SHA256(), KEY_BYTES, salt=None, info=_DERIVATION).derive(secret.encode()))

    def sign(self, root: str) -> str:
        return self._key.sign(_CONTEXT + bytes.fromhex(root)).hex()


def key_id_of(public_key: bytes) -> str:
    """A key's name: the beginning of its hash."""
    return sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]


def fits(public_key: str, root: str, signature: str) -> bool:
    """Whether the signature over the root was made with this key; malformed hex fits nothing."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), _CONTEXT + bytes.fromhex(root))
    except (ValueError, InvalidSignature):
        return False
    return True
