"""A person's TON wallet: real keys, the real code of known wallets, real state inits and signatures.

The proof is signed from the specification's own words, by another library than the product verifies with.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ton_core import CONTRACT_CODES, Cell, ContractVersion, StateInit, begin_cell, to_cell

Version = Literal["v4r2", "v5r1", "telegram", "unknown"]

NETWORK_IDS = {"mainnet": -239, "testnet": -3}


@dataclass(frozen=True)
class Wallet:
    """One wallet.  `seed` makes its key; the Telegram wallet may sign with another key than its state init has."""

    seed: int = 1
    version: Version = "v4r2"
    network: str = "mainnet"
    rotated_seed: int | None = None

    @property
    def key(self) -> Ed25519PrivateKey:
        seed = self.seed if self.rotated_seed is None else self.rotated_seed
        return _key(seed)

    @property
    def public_key(self) -> str:
        return _public(self.key).hex()

    @property
    def state(self) -> Cell:
        """code and data, as the wallets themselves lay them out."""
        anchor = _public(_key(self.seed))
        match self.version:
            case "v4r2":
                code = to_cell(CONTRACT_CODES[ContractVersion.WalletV4R2])
                data = begin_cell().store_uint(0, 32).store_uint(698983191, 32).store_bytes(anchor).store_bit(0)
            case "v5r1":
                code = to_cell(CONTRACT_CODES[ContractVersion.WalletV5R1])
                wallet_id = (1 << 31) ^ (NETWORK_IDS[self.network] & 0xFFFFFFFF)
                data = begin_cell().store_bit(1).store_uint(0, 32).store_uint(wallet_id, 32)
                data = data.store_bytes(anchor).store_bit(0)
            case "telegram":
                return self._telegram(anchor)
            case "unknown":
                code = begin_cell().store_uint(0xC0DE, 16).end_cell()
                data = begin_cell().store_bytes(anchor)
        return _state(code, data.end_cell())

    def _telegram(self, anchor: bytes) -> Cell:
        from ton_core import PublicKey, WalletTgData

        return _state(to_cell(CONTRACT_CODES[ContractVersion.WalletTg]), WalletTgData(PublicKey(anchor)).serialize())

    @property
    def address(self) -> str:
        """As TON Connect sends it: raw."""
        return f"0:{self.state.hash.hex()}"

    @property
    def state_init(self) -> str:
        return b64encode(self.state.to_boc()).decode()

    def sign(self, payload: str, *, domain: str, timestamp: int, key: Ed25519PrivateKey | None = None) -> str:
        """The ton_proof's signature, in base64."""
        name = domain.encode()
        message = (
            b"ton-proof-item-v2/"
            + (0).to_bytes(4, "big", signed=True)
            + self.state.hash
            + len(name).to_bytes(4, "little")
            + name
            + timestamp.to_bytes(8, "little")
            + payload.encode()
        )
        whole = b"\xff\xff" + b"ton-connect" + hashlib.sha256(message).digest()
        return b64encode((key or self.key).sign(hashlib.sha256(whole).digest())).decode()

    def proof(self, payload: str, *, domain: str, timestamp: int) -> dict[str, Any]:
        """TON Connect's `proof`."""
        return {
            "timestamp": timestamp,
            "domain": {"lengthBytes": len(domain.encode()), "value": domain},
            "signature": self.sign(payload, domain=domain, timestamp=timestamp),
            "payload": payload,
        }

    def account(self) -> dict[str, Any]:
        """TON Connect's `ton_addr` item."""
        return {
            "name": "ton_addr",
            "address": self.address,
            "network": str(NETWORK_IDS[self.network]),
            "publicKey": self.public_key,
            "walletStateInit": self.state_init,
        }


def _state(code: Cell, data: Cell) -> Cell:
    cell: Cell = StateInit(code=code, data=data).serialize()
    return cell


def _key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"wallet %d" % seed).digest())


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
