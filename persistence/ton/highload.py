"""The wallet that pays out: a highload wallet v3, its messages and what the chain did with them.

Owns the form of a message and the reading of its two transactions.  A message is made once and then only sent again as
it is: the wallet accepts one (query_id, created_at) once, so sending it twice pays once.  Must never choose a query id:
two messages with one id would hide each other, and the library's own choice repeats within a second.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ton_core import (
    CONTRACT_CODES,
    Address,
    Cell,
    ContractVersion,
    ExternalMessage,
    InternalMessage,
    OutActionSendMsg,
    PublicKey,
    StateInit,
    WalletHighloadV3Data,
    WalletMessage,
    begin_cell,
    to_cell,
)

from chance_tap.settings import Settings
from persistence.chain import PayoutMessage
from persistence.ton.address import normalise
from persistence.ton.toncenter import ChainPuzzling, ChainUnavailable, Toncenter
from persistence.ton.transaction import hash_hex

INTERNAL_TRANSFER: Final = 0xAE42E5A4
PAY_FEES_APART: Final = 1
"""The mode of both messages.  Without "ignore errors": a transfer that cannot be made then fails where it is seen."""
SELF_TRANSFER_NANOTON: Final = 50_000_000
"""What the wallet sends itself to run the second transaction; all but the fees of it stays there."""
AGE_S: Final = 40
"""Messages are dated back by so much: a validator's clock may be behind, and refuses what is from its future."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the chain shows of a message.  `absent`: no transaction; `under_way`: the second one is missing, or none is
    final yet; `sent`: the money is on its way, in transaction `hash`; `failed`: surely nothing left the wallet."""

    status: Literal["absent", "under_way", "sent", "failed"]
    hash: str | None = None
    problem: str | None = None


class HighloadWallet:
    """The wallet of one key; `timeout_s` and `subwallet` are parts of its address."""

    def __init__(self, key: bytes, *, subwallet: int, timeout_s: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self._subwallet = subwallet
        self.timeout_s = timeout_s
        data = WalletHighloadV3Data(
            PublicKey(self._key.public_key().public_bytes_raw()), subwallet_id=subwallet, timeout=timeout_s
        )
        code = to_cell(CONTRACT_CODES[ContractVersion.WalletHighloadV3R1])
        self.state_init: Cell = StateInit(code=code, data=data.serialize()).serialize()
        self.address = f"0:{self.state_init.hash.hex()}"

    @classmethod
    def from_settings(cls, settings: Settings) -> "HighloadWallet":
        """The settings' wallet; they must name its key."""
        return cls(
            bytes.fromhex(settings.ton_payout_key),
            subwallet=settings.ton_payout_subwallet,
            timeout_s=settings.ton_payout_timeout_s,
        )

    def message(self, *, query_id: int, chain_now_s: int, destination: str, nanoton: int) -> PayoutMessage:
        """A signed message that pays `nanoton` to a raw address."""
        created_at = chain_now_s - AGE_S
        # Not bounceable: a wallet that was never used takes it too.
        payment = InternalMessage(dest=Address(destination), value=nanoton, bounce=False)
        action = OutActionSendMsg(WalletMessage(send_mode=PAY_FEES_APART, message=payment))
        actions = begin_cell().store_ref(Cell.empty()).store_cell(action.serialize()).end_cell()
        body = begin_cell().store_uint(INTERNAL_TRANSFER, 32).store_uint(query_id, 64).store_ref(actions).end_cell()
        to_self = InternalMessage(dest=Address(self.address), value=SELF_TRANSFER_NANOTON, bounce=True, body=body)
        inner = begin_cell().store_uint(self._subwallet, 32).store_ref(to_self.serialize())
        inner = inner.store_uint(PAY_FEES_APART, 8).store_uint(query_id, 23)
        signed = inner.store_uint(created_at, 64).store_uint(self.timeout_s, 22).end_cell()
        signature = self._key.sign(signed.hash)
        outer = begin_cell().store_bytes(signature).store_ref(signed).end_cell()
        external = ExternalMessage(dest=Address(self.address), body=outer)
        return PayoutMessage(
            query_id=query_id,
            created_at=created_at,
            expires_at=created_at + self.timeout_s,
            hash=hash_hex(str(external.normalized_hash)),
            boc=b64encode(external.serialize().to_boc()).decode(),
        )


class HighloadChain:
    """What the chain knows of wallets and their messages, by toncenter.  Every method raises ChainUnavailable and
    ChainRefused; ChainPuzzling, where the answer about one message is not understood."""

    def __init__(self, toncenter: Toncenter) -> None:
        self._toncenter = toncenter

    async def now_s(self) -> int:
        """The time of the last masterchain block that toncenter has: what it shows is whole up to then."""
        answer = await self._toncenter.get("/api/v3/masterchainInfo", {})
        try:
            return int(answer["last"]["gen_utime"])
        except (KeyError, TypeError, ValueError):
            raise ChainUnavailable("no time of the chain") from None

    async def send(self, boc: str) -> None:
        """Hand a message in.  Only its transactions say whether it arrives."""
        await self._toncenter.post("/api/v3/message", {"boc": boc}, attempts=1)

    async def processed(self, query_id: int, *, wallet: str) -> bool:
        """Whether that wallet remembers to have accepted that query id."""
        stack = [{"type": "num", "value": hex(query_id)}, {"type": "num", "value": "0x0"}]
        answer = await self._toncenter.run_get_method(wallet, "processed?", stack)
        try:
            if answer["exit_code"] not in (0, 1):
                raise ValueError(answer["exit_code"])
            return int(str(answer["stack"][0]["value"]), 0) != 0
        except (KeyError, IndexError, TypeError, ValueError):
            raise ChainPuzzling("processed? gives no answer") from None

    async def transfer(self, message_hash: str, *, destination: str, nanoton: int) -> Transfer:
        """What became of a message: of the transaction that accepted it, and of the one that then paid.  The first
        can succeed where the second fails."""
        try:
            first = await self._transaction(message_hash)
            if first is None:
                return Transfer("absent")
            if not _final(first):
                return Transfer("under_way")
            if (problem := _problem(first)) is not None or not first["out_msgs"]:
                return Transfer("failed", problem=f"not accepted: {problem or 'nothing was sent on'}")
            second = await self._transaction(hash_hex(first["out_msgs"][0]["hash"]))
            if second is None or not _final(second):
                return Transfer("under_way")
            if (problem := _problem(second)) is not None:
                return Transfer("failed", problem=f"not paid: {problem}")
            paid = [
                sent
                for sent in second["out_msgs"]
                if normalise(sent["destination"]) == destination and int(sent["value"]) == nanoton
            ]
            if len(paid) != 1 or len(second["out_msgs"]) != 1:
                raise ChainPuzzling("a transaction that paid something else")
            return Transfer("sent", hash=hash_hex(second["hash"]))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ChainPuzzling(f"not a transaction: {error!r}"[:200]) from None

    async def _transaction(self, message_hash: str) -> Mapping[str, Any] | None:
        answer = await self._toncenter.get(
            "/api/v3/transactionsByMessage", {"msg_hash": message_hash, "direction": "in"}
        )
        found = answer["transactions"]  # whatever account: a message of a wallet that was configured before too
        if len(found) > 1:
            raise ChainPuzzling("a message in two transactions")
        return found[0] if found else None


def _final(transaction: Mapping[str, Any]) -> bool:
    return transaction.get("mc_block_seqno") is not None and not transaction.get("emulated", False)


def _problem(transaction: Mapping[str, Any]) -> str | None:
    """Why a transaction came to nothing; None: it did not."""
    description = transaction["description"]
    compute, action = description.get("compute_ph") or {}, description.get("action") or {}
    if not compute.get("success"):
        return f"exit code {compute.get('exit_code')}"
    if not action.get("success"):
        return f"result code {action.get('result_code')}"
    return "aborted" if description["aborted"] else None
