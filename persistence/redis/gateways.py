"""The list of gateways that live, and the order to drain one of them.

A gateway repeats its word every second or so; one that is silent for `WORD_MS` is forgotten.  Losing the list loses
nothing: the next beat of each gateway makes it again.
"""

from typing import Final, Literal

import msgspec

from persistence.redis import keys
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet

WORD_MS: Final = 5_000

GatewayState = Literal["serving", "draining", "drained"]


class GatewayInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway as it describes itself; `instance` distinguishes two processes of one name."""

    name: str
    instance: str
    address: str
    pid: int
    sockets: int
    since_ms: int
    state: GatewayState


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(GatewayInfo).decode


class GatewayCommands:
    """Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._beat = scripts["gateway_beat"]
        self._gone = scripts["gateway_gone"]
        self._list = scripts["gateway_list"]
        self._order = scripts["gateway_order"]

    async def beat(self, info: GatewayInfo) -> bool:
        """Say how this gateway is; True when it was ordered to drain."""
        at = keys.gateways()
        reply = await self._router.call(at.slot, self._beat, at[1:], info.name, info.instance, _encode(info), WORD_MS)
        return bool(reply[0] == b"drain")

    async def leave(self, info: GatewayInfo) -> None:
        """This gateway ends."""
        at = keys.gateways()
        await self._router.call(at.slot, self._gone, at[1:], info.name, info.instance)

    async def all(self) -> list[tuple[GatewayInfo, bool]]:
        """Those that live, by name, each with whether it was ordered to drain."""
        at = keys.gateways()
        reply = await self._router.call(at.slot, self._list, at[1:])
        found = [(_decode(described), order.decode()) for _, described, order in reply[1:]]
        return [(info, order == info.instance) for info, order in found]

    async def order_drain(self, name: str) -> bool:
        """Order a gateway to drain; repeated it changes nothing.  False: none of that name lives."""
        at = keys.gateways()
        reply = await self._router.call(at.slot, self._order, at[1:], name)
        return bool(reply[0] == b"ok")
