"""What gateways observe for the signals: origins that only equality can be learnt of, and frames held back."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from gateway.live.endpoint import PATH
from gateway.live.observations import Observations
from gateway.live.socket import Socket as ObservedSocket
from gateway.ws.connection import Visitor
from persistence.redis.codes import TapFrame
from persistence.redis.store import RedisStore
from tests.ws.client import Peer
from tests.ws.conftest import Game, StartGateway

ROOM = "00abcdefghijklmn"


@dataclass(eq=False)
class Line:
    """A store and an edge that remember: time is set by the test, pongs are given by it."""

    now: int = 100_000
    observed: list[tuple[str, ...]] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    snapshot_ms: int = 0
    is_closing: bool = False

    @property
    def rooms(self) -> "Line":
        return self

    @property
    def edge(self) -> "Line":
        return self

    def now_ms(self) -> int:
        return self.now

    def observe(self, *words: str) -> None:
        self.observed.append(words)

    def ping(self, payload: bytes) -> None:
        self.pings.append(payload)


class Socket:
    """One socket of player 1, with the observations about it."""

    def __init__(self) -> None:
        self.line = Line()
        self.observations = Observations(cast(RedisStore, self.line), "secret")
        self.client = cast(ObservedSocket, self.line)

    def come(self, *ages_ms: int) -> None:
        frames = [TapFrame("1", 1, self.line.now - age) for age in ages_ms]
        self.observations.late(ROOM, frames, [self.client] * len(frames), self.line.now)

    def answer(self) -> None:
        self.observations.answered(self.client, self.line.pings[-1])

    @property
    def held(self) -> int:
        return self.line.observed.count((ROOM, "1", "held", "1"))


@pytest.fixture
async def held() -> Any:
    socket = Socket()
    yield socket
    socket.observations.stop()


async def test_late_frames_alone_are_not_observed(held: Socket) -> None:
    held.come(4_000, 3_800, 3_600)
    assert held.held == 0
    assert len(held.line.pings) == 1


async def test_frames_older_than_an_answered_question_were_held_back(held: Socket) -> None:
    held.come(4_000)
    held.line.now += 100
    held.answer()
    held.line.now += 3_000
    held.come(4_200, 4_150, 3_000, 100)  # asked 3,100 ms ago: the first two were due a second before that
    assert held.held == 2


async def test_a_stalled_network_answers_after_its_frames(held: Socket) -> None:
    held.come(2_000)
    held.line.now += 4_000  # everything arrives now, in the order of sending: frames first
    held.come(3_900, 3_500, 2_000)
    held.answer()
    assert held.held == 0
    held.line.now += 200
    held.come(1_600)
    assert held.held == 0


async def test_what_is_sent_again_after_a_snapshot_is_not_held_back(held: Socket) -> None:
    held.come(4_000)
    held.answer()
    held.line.now += 3_000
    held.line.snapshot_ms = held.line.now - 50
    held.come(4_500, 3_000)
    assert held.held == 0


async def test_a_made_up_answer_is_none(held: Socket) -> None:
    held.come(4_000)
    held.observations.answered(held.client, b"999999999")
    held.line.now += 3_000
    held.come(4_500)
    assert held.held == 0


async def test_sockets_that_behave_again_are_asked_no_more(held: Socket) -> None:
    held.come(4_000)
    held.answer()
    held.line.now += 15_001
    held.observations._ask()
    assert len(held.line.pings) == 1
    held.come(4_000)
    assert len(held.line.pings) == 2
    held.observations.forget(held.client)
    held.observations._ask()
    assert len(held.line.pings) == 2


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
