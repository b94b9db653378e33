"""Who shares what in one room.  Weak by itself: families share a phone, mobile networks share addresses."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from workers.signals.evidence import Observations, Signal

SAME_BOTH: Final = 0.5
SAME_NETWORK: Final = 0.15
TWO_DEVICES: Final = 0.4


def shared(user_id: str, observations: Observations) -> Iterator[Signal]:
    """Another player of the room on the same network, or on the same network and device."""
    networks: dict[str, set[str]] = defaultdict(set)
    devices: dict[str, set[str]] = defaultdict(set)
    for user, kind, value in observations:
        if kind == "from":
            network, _, device = value.partition(".")
            networks[user].add(network)
            devices[user].add(device)
    others = sorted(networks.keys() - {user_id}, key=int)
    near = [other for other in others if networks[other] & networks[user_id]]
    twins = [other for other in near if devices[other] & devices[user_id]]
    if twins:
        yield Signal("same_device", SAME_BOTH, f"same network and kind of device as player {', '.join(twins)}")
    elif near:
        yield Signal("same_network", SAME_NETWORK, f"same network as player {', '.join(near)}; many share an address")
    if len(devices[user_id]) > 1:
        yield Signal(
            "two_devices", TWO_DEVICES, f"the account played from {len(devices[user_id])} kinds of device in one game"
        )
