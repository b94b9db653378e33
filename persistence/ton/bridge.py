"""A session with a wallet's application over its TON Connect bridge, after the connection: saying goodbye.

Needs nobody who listens: the application ends its side when it reads the request.  Must never ask for anything else
than the end of the session.  Protocol: github.com/ton-blockchain/ton-connect, its pages on sessions and bridges.
"""

from base64 import b64encode
from typing import Final

import httpx
import msgspec
import structlog
from nacl.public import Box, PrivateKey, PublicKey

from persistence.tls import authorities

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 3.0
KEPT_BY_BRIDGE_S: Final = 300  # as long as bridges keep a message for a wallet that is not there
_REQUEST_ID: Final = "1"  # the only request that is ever sent


class BridgeSession(msgspec.Struct, frozen=True):
    """Where the application listens, and the keys of both ends; `private_key` is secret."""

    bridge_url: str
    private_key: str
    wallet_key: str

    def __repr__(self) -> str:
        return f"BridgeSession({self.bridge_url!r})"

    def dump(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def load(cls, text: str) -> "BridgeSession":
        return msgspec.json.decode(text, type=cls)


async def disconnect(session: BridgeSession) -> bool:
    """Notify the application that the session is over; whether its bridge took the message.  Never raises."""
    try:
        key = PrivateKey(bytes.fromhex(session.private_key))
        request = msgspec.json.encode({"method": "disconnect", "params": [], "id": _REQUEST_ID})
        sealed = Box(key, PublicKey(bytes.fromhex(session.wallet_key))).encrypt(request)
        parameters = {
            "client_id": key.public_key.encode().hex(),
            "to": session.wallet_key,
            "ttl": str(KEPT_BY_BRIDGE_S),
            "topic": "disconnect",
        }
        async with httpx.AsyncClient(timeout=TIMEOUT_S, verify=authorities()) as client:
            url = f"{session.bridge_url.rstrip('/')}/message"
            answer = await client.post(url, params=parameters, content=b64encode(bytes(sealed)))
            answer.raise_for_status()
    except (httpx.HTTPError, ValueError, TypeError) as error:
        log.info("wallet application not notified", bridge=session.bridge_url, error=type(error).__name__)
        return False
    return True
