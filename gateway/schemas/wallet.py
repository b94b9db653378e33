"""Wallets of players: bodies and answers."""

from typing import Annotated

import msgspec

from gateway.schemas.fields import Claimed, Moment
from persistence.ton.proof import LONGEST_STATE_INIT

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class ProofChallenge(msgspec.Struct):
    """POST /wallet/proof: what the wallet is to sign, once, until `expires_ms`."""

    payload: str
    expires_ms: Moment


class ProofDomain(msgspec.Struct, rename={"length_bytes": "lengthBytes"}):
    """The domain that the wallet signed for, as TON Connect gives it."""

    length_bytes: Annotated[int, msgspec.Meta(ge=0, le=256)]
    value: _Text


class TonProof(msgspec.Struct):
    """TON Connect's `ton_proof` reply.  Some wallets write `timestamp` (in seconds) as text."""

    timestamp: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | Annotated[str, msgspec.Meta(pattern="^[0-9]{1,15}$")]
    domain: ProofDomain
    signature: _Text
    payload: _Text


class LinkWallet(Claimed, kw_only=True):
    """PUT /wallet: TON Connect's account and its proof.  `network` is TON Connect's number: -239 or -3."""

    address: _Text
    network: _Text
    public_key: _Text
    proof: TonProof
    state_init: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_STATE_INIT)]


class WalletAnswer(msgspec.Struct):
    """The raw address of the wallet that is linked now, as in /me."""

    wallet: str | None
    has_ton_wallet: bool
