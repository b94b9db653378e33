"""Addresses of the chain in the one form that is stored and compared: `0:` and 64 lower-case hex digits.

toncenter writes hex in capitals, wallets show a base64 form with flags in it: two texts may mean one account.
"""

import binascii
import re
from base64 import b64decode
from typing import Final

from persistence.chain import Network

NETWORK_IDS: Final[dict[str, Network]] = {"-239": "mainnet", "-3": "testnet"}
"""TON Connect's numbers of the two networks."""

_RAW: Final = re.compile(r"(0|-1):([0-9a-fA-F]{64})")
_FRIENDLY: Final = re.compile(r"[0-9A-Za-z+/_-]{48}")
_TEST_ONLY: Final = 0x80
_TAGS: Final = {0x11, 0x51}  # bounceable, not bounceable


def normalise(text: str, network: Network | None = None) -> str:
    """The raw form of an address.

    Raises:
        ValueError: it is none, its checksum is wrong, or it is marked as one of the test network and `network` is the
            main one.
    """
    raw = _RAW.fullmatch(text)
    if raw is not None:
        return f"{raw[1]}:{raw[2].lower()}"
    if _FRIENDLY.fullmatch(text) is None:
        raise ValueError("not a TON address")
    data = b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    if data[0] & ~_TEST_ONLY not in _TAGS or data[1] not in (0, 255):
        raise ValueError("not a TON address")
    if data[0] & _TEST_ONLY and network == "mainnet":
        raise ValueError("an address of the test network")
    if int.from_bytes(data[34:], "big") != binascii.crc_hqx(data[:34], 0):
        raise ValueError("the address has a wrong checksum")
    return f"{-1 if data[1] == 255 else 0}:{data[2:34].hex()}"


def friendly(raw: str, network: Network, *, bounceable: bool = False) -> str:
    """The form that people and wallets use.  Not bounceable unless it is a contract that runs: a bounceable send to
    an account without code comes back."""
    from ton_core import Address  # see persistence.ton

    text: str = Address(raw).to_str(is_bounceable=bounceable, is_test_only=network == "testnet")
    return text
