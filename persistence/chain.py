"""What the client of the TON chain and the records in Postgres both speak of, so that neither needs the other.

Values only: must never ask anybody anything.
"""

from dataclasses import dataclass
from typing import Literal

Network = Literal["mainnet", "testnet"]
Refusal = Literal["foreign", "bounced", "jetton", "sends", "aborted"]
"""Why a final, incoming transaction cannot be a deposit; see `persistence/ton/deposits.py`."""


@dataclass(frozen=True, slots=True)
class ProvenWallet:
    """A wallet that its owner has shown to have the key of.  `address` is raw, `public_key` hex."""

    address: str
    network: Network
    public_key: str


@dataclass(frozen=True, slots=True)
class PayoutMessage:
    """A signed message to the paying wallet.  `boc` is base64, `hash` hex; the times are seconds of the chain."""

    query_id: int
    created_at: int
    expires_at: int
    hash: str
    boc: str
