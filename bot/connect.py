"""Connecting a wallet from the chat: pytonconnect, wrapped against its faults.

Owns one connection of one person at a time, from the link to the wallet's answer.  What it leaves to the library is
the protocol; what it does not leave to it: what a refusal means (it takes one for a missing manifest, and raises that
out of its listener), messages that cannot be read (it starts the connection anew for each), a bridge that is away (it
asks again without a pause), and the proof (which it cannot check).  Must never link a wallet:
`persistence/payments/wallets.py` does.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog
from pytonconnect import TonConnect  # type: ignore[import-untyped]
from pytonconnect.provider import BridgeProvider  # type: ignore[import-untyped]
from pytonconnect.provider._bridge_gateway import BridgeGateway  # type: ignore[import-untyped]
from pytonconnect.storage import IStorage  # type: ignore[import-untyped]

from bot.wallet_apps import WalletApp
from persistence.redis.wallet_sessions import WalletSessions
from persistence.ton.bridge import BridgeSession
from persistence.ton.proof import Proof

log = structlog.get_logger(__name__)
logging.getLogger("pytonconnect").setLevel(logging.CRITICAL)  # it prints whole messages, keys included

REJECTED: Final = 300
"""TON Connect's code of "the user rejected the request"."""
_TIMEOUT: Final = BridgeGateway.DEFAULT_TIMEOUT
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the wallet said: `connected` with the proof to check and the session to end some day, `rejected` by the
    person, or `failed`."""

    kind: Literal["connected", "rejected", "failed"]
    proof: Proof | None = None
    session: BridgeSession | None = None


class _Storage(IStorage):  # type: ignore[misc]
    """The connection's memory in Redis, which forgets it by itself."""

    def __init__(self, connections: WalletSessions, user_id: int) -> None:
        self._connections = connections
        self._user_id = user_id

    async def set_item(self, key: str, value: str) -> None:
        await self._connections.keep(self._user_id, key, value)

    async def get_item(self, key: str, default_value: str | None = None) -> str | None:
        value = await self._connections.get(self._user_id, key)
        return default_value if value is None else value

    async def remove_item(self, key: str) -> None:
        await self._connections.forget(self._user_id, key)


class _Gateway(BridgeGateway):  # type: ignore[misc]
    """Pauses between tries, and asks for what it has not seen yet."""

    pause_s = 0.0

    async def register_session(self, timeout: Any = _TIMEOUT, bridge_url: Any = None) -> bool:  # noqa: ASYNC109
        del bridge_url  # the library's own holds a number of an event that is long past
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        self.pause_s = min(max(self.pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        return bool(await super().register_session(timeout))


class _Provider(BridgeProvider):  # type: ignore[misc]
    """Drops what cannot be read: anybody may send anything to a bridge's client."""

    async def _open_gateways(self, auto_listen: bool = True) -> None:
        self._gateway = _Gateway(
            self._storage,
            self._session.bridge_url,
            self._session.session_crypto.session_id,
            self._gateway_listener,
            self._gateway_errors_listener,
        )
        if auto_listen:
            await self._gateway.register_session()

    async def _gateway_listener(self, bridge_incoming_message: Any) -> None:
        try:
            await super()._gateway_listener(bridge_incoming_message)
        except Exception as error:  # whatever is wrong with it, the next message may be right
            log.info("wallet message cannot be read", error=type(error).__name__)


class _Client(TonConnect):  # type: ignore[misc]
    """Hands on what the wallet said as it was said."""

    def __init__(self, manifest_url: str, storage: _Storage) -> None:
        super().__init__(manifest_url, storage)
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def _create_provider(self, wallet: dict[str, Any]) -> _Provider:
        provider = _Provider(self._storage, wallet)
        provider.listen(self._wallet_events_listener)
        return provider

    def _on_wallet_connected(self, payload: dict[str, Any]) -> None:
        try:
            super()._on_wallet_connected(payload)
            answer = Answer("connected", _proof_of(payload), self._session())
        except Exception as error:  # anything may come from outside
            log.info("wallet answer cannot be read", error=type(error).__name__)
            answer = Answer("failed")
        self._answer(answer)

    def _on_wallet_connect_error(self, payload: Any) -> None:
        self._answer(Answer("rejected" if _code_of(payload) == REJECTED else "failed"))

    def _session(self) -> BridgeSession:
        session = self._provider._session
        return BridgeSession(
            bridge_url=session.bridge_url,
            private_key=session.session_crypto.key_pair.encode().hex(),
            wallet_key=session.wallet_public_key,
        )

    def _answer(self, answer: Answer) -> None:
        if not self.answered.done():
            self.answered.set_result(answer)


class ChatConnection:
    """One attempt of one person.  Close it when it is over."""

    def __init__(self, manifest_url: str, connections: WalletSessions, user_id: int) -> None:
        self._client = _Client(manifest_url, _Storage(connections, user_id))

    async def begin(self, app: WalletApp, payload: str) -> str:
        """The link that opens the application with the request to connect and to sign `payload`."""
        source = {"bridge_url": app.bridge_url, "universal_url": app.universal_url}
        link: str = await self._client.connect(source, {"ton_proof": payload})
        return link

    async def answer(self, timeout_s: float) -> Answer | None:
        """What the wallet says; None: nothing in that time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._client.answered)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Listen no longer."""
        if self._client._provider is not None:
            self._client._provider.close_connection()


def _code_of(payload: Any) -> int | None:
    """The code of a refusal: in the payload, as it is specified, or in an `error` inside, as some wallets send it."""
    if not isinstance(payload, dict):
        return None
    inner = payload.get("error")
    code = payload.get("code", inner.get("code") if isinstance(inner, dict) else None)
    return code if isinstance(code, int) else None


def _proof_of(payload: dict[str, Any]) -> Proof:
    items = {item["name"]: item for item in payload["items"]}
    account, proof = items["ton_addr"], items["ton_proof"]["proof"]
    texts = [account[name] for name in ("address", "network", "publicKey", "walletStateInit")] + [
        proof["domain"]["value"],
        proof["signature"],
        proof["payload"],
    ]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not text")
    return Proof(
        address=account["address"],
        network=account["network"],
        public_key=account["publicKey"],
        state_init=account["walletStateInit"],
        timestamp=int(proof["timestamp"]),
        domain=proof["domain"]["value"],
        domain_bytes=int(proof["domain"]["lengthBytes"]),
        signature=proof["signature"],
        payload=proof["payload"],
    )
