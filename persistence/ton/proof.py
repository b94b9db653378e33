"""Is this account's owner the one who asks?  The ton_proof of TON Connect, verified.

The signature itself is checked by the library; here stands what it leaves to the caller or does too kindly.  That a
payload is ours, is used once and by whom it was made for, is `persistence/payments/wallets.py`'s to check, before this.
"""

import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nacl.exceptions import BadSignatureError

from persistence.chain import Network, ProvenWallet
from persistence.errors import StoreUnavailable
from persistence.ton.address import NETWORK_IDS, normalise

if TYPE_CHECKING:
    from ton_connect.models import TonProofPayloadDto
    from ton_core import Address, PublicKey

SKEW_S: Final = 60
"""A phone's clock may be fast by so much; the payload's own life bounds the age of a proof from the other side."""
LONGEST_STATE_INIT: Final = 32_768

_HEX_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")
_ANY_AGE_S: Final = 2**40  # the age is checked here, by a clock that the caller gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a wallet sent, as it came.  `state_init`, `signature`: base64; `network`: TON Connect's number."""

    address: str
    network: str
    public_key: str
    state_init: str
    timestamp: int
    domain: str
    domain_bytes: int
    signature: str
    payload: str


class ProofRefused(Exception):
    """The proof does not hold: which field, and why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


GetPublicKey = Callable[[str], Awaitable[bytes | None]]
"""The key that the contract at a raw address names now (`get_public_key`); None: there is no such contract."""


async def verify(
    proof: Proof,
    *,
    domains: Collection[str],
    network: Network,
    now_s: float,
    max_age_s: float,
    get_public_key: GetPublicKey,
) -> ProvenWallet:
    """The wallet, if the proof holds on `network` for one of `domains`, at most `max_age_s` old at `now_s`.

    The chain is asked only where the state init cannot tell: for code that is not a known wallet's, and for the
    wallet that can change its key.

    Raises:
        ProofRefused: it does not hold.
        StoreUnavailable: the chain had to be asked and did not answer.
    """
    from ton_connect.utils.signing import VerifyTonProof  # see persistence.ton
    from ton_core import PublicKey

    address = _checked_address(proof, domains, network, now_s, max_age_s)
    claimed = PublicKey(bytes.fromhex(proof.public_key))

    async def on_chain(_: "Address") -> PublicKey | None:
        key = await get_public_key(address)
        return None if key is None else PublicKey(key)

    verifier = VerifyTonProof(_for_library(proof, address, claimed))
    try:
        holds = await verifier.verify(list(domains), valid_auth_time=_ANY_AGE_S, get_wallet_public_key=on_chain)
    except StoreUnavailable:
        raise
    except BadSignatureError as error:
        raise ProofRefused("proof", str(error).lower()) from None
    except Exception:  # a known wallet's code with data that is none of it
        raise ProofRefused("state_init", "cannot be read") from None
    if not holds:
        raise ProofRefused("proof", "does not hold")
    return ProvenWallet(address, network, proof.public_key.lower())


def _checked_address(proof: Proof, domains: Collection[str], network: Network, now_s: float, max_age_s: float) -> str:
    """The raw address, where everything that the signature does not prove is right."""
    if NETWORK_IDS.get(proof.network) != network:
        raise ProofRefused("network", f"must be {network}")
    try:
        address = normalise(proof.address, network)
    except ValueError as error:
        raise ProofRefused("address", str(error)) from None
    if proof.domain not in domains or proof.domain_bytes != len(proof.domain.encode()):
        raise ProofRefused("proof.domain", "is not a domain of this game")
    if proof.timestamp > now_s + SKEW_S:
        raise ProofRefused("proof.timestamp", "is in the future")
    if proof.timestamp < now_s - max_age_s:
        raise ProofRefused("proof.timestamp", "is too old")
    if _HEX_KEY.fullmatch(proof.public_key) is None:
        raise ProofRefused("public_key", "must be 64 hex digits")
    return address


def _for_library(proof: Proof, address: str, key: "PublicKey") -> "TonProofPayloadDto":
    """Parsed from bytes where the library would guess between hex, base64 and decimal digits."""
    from ton_connect.models import TonProofPayloadDto  # see persistence.ton

    try:
        signature = b64decode(proof.signature, validate=True)
    except ValueError:
        signature = b""
    if len(signature) != 64:
        raise ProofRefused("proof.signature", "must be base64 of 64 bytes")
    if len(proof.state_init) > LONGEST_STATE_INIT:
        raise ProofRefused("state_init", "is too long")
    try:
        return TonProofPayloadDto.model_validate(
            {
                "address": address,
                "network": proof.network,
                "publicKey": key,
                "walletStateInit": b64decode(proof.state_init, validate=True),
                "proof": {
                    "timestamp": proof.timestamp,
                    "domain": {"lengthBytes": proof.domain_bytes, "value": proof.domain},
                    "signature": proof.signature,
                    "payload": proof.payload,
                },
            }
        )
    except Exception:  # a state init is made by whoever sends it: the parser fails on it in many ways
        raise ProofRefused("state_init", "cannot be read") from None
