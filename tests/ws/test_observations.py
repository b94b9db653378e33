"""What gateways observe for the signals: origins that only equality can be learnt of, for each room anew."""

from dataclasses import dataclass, field
from typing import Any, cast

from gateway.live.endpoint import PATH
from gateway.live.observations import Observations
from gateway.live.socket import Socket as ObservedSocket
from gateway.ws.connection import Visitor
from persistence.redis.store import RedisStore
from tests.ws.client import Peer
from tests.ws.conftest import Game, StartGateway

ROOM = "00abcdefghijklmn"


@dataclass
class Line:
    """A store that remembers what it is told."""

    observed: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def rooms(self) -> "Line":
        return self

    def observe(self, *words: str) -> None:
        self.observed.append(words)


def test_an_observation_of_an_origin_tells_equality_in_one_room_only() -> None:
    line = Line()
    observations = Observations(cast(RedisStore, line), "secret")
    other = Observations(cast(RedisStore, line), "another secret")

    def observe(by: Observations, room_id: str, address: str, agent: str = "phone") -> str:
        client: Any = Line()
        client.origin = by.origin(Visitor(None, address, agent))
        client.user_id = "1"
        by.entered(cast(ObservedSocket, client), room_id)
        return line.observed.pop()[3]

    first = observe(observations, ROOM, "192.0.2.1")
    assert observe(observations, ROOM, "192.0.2.1") == first
    network, _, device = observe(observations, ROOM, "192.0.2.2").partition(".")
    assert network != first.partition(".")[0]
    assert device == first.partition(".")[2]
    assert observe(observations, ROOM, "192.0.2.1", "tablet").partition(".")[2] != device
    assert observe(observations, "01abcdefghijklmn", "192.0.2.1") != first
    assert observe(other, ROOM, "192.0.2.1") != first


async def test_entering_is_observed_once_a_socket(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    anna, boris, organizer = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna, boris)
    one, two, three = [await Peer.open(gateway.port, PATH) for _ in range(3)]
    for peer, user_id in ((one, anna), (two, boris), (three, organizer)):
        await peer.send({"type": "hello", "token": game.token(user_id)})
        await peer.send({"type": "enter", "room_id": room_id})
        await peer.next("snapshot")
    observations = await game.live.rooms.observations(room_id)
    assert {(user_id, kind): count for (user_id, kind, _), count in observations.items()} == {
        (anna, "from"): 1,
        (boris, "from"): 1,
    }
    assert len({value for _, _, value in observations}) == 1  # the same address, and no kind of device was said
