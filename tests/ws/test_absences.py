"""Which late frames are explained by a network, and which were held back: pings that are answered or not, in order."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from gateway.live.absences import Absences
from gateway.live.socket import Socket as LiveSocket
from persistence.redis.codes import TapMark
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer, frame
from tests.ws.conftest import Game, Road, StartGateway

NONE, AWAY, HELD = TapMark.NONE, TapMark.AWAY, TapMark.HELD


@dataclass(eq=False)
class Line:
    """A socket whose pings are answered when the test says so."""

    heard_ms: int = 0
    asked_ms: int = 0
    answered_ms: int = 0
    snapshot_ms: int = 0
    organizes: bool = False
    pings: list[bytes] = field(default_factory=list)

    @property
    def edge(self) -> "Line":
        return self

    def ping(self, payload: bytes) -> None:
        self.pings.append(payload)


@dataclass(eq=False)
class Match:
    """One room whose game runs, with time that the test moves on."""

    now: int = 100_000
    sockets: list[Line] = field(default_factory=lambda: [Line(heard_ms=100_000)])

    def __post_init__(self) -> None:
        self.absences = Absences(cast(RedisStore, self))
        self.absences.watch(cast(Any, self))

    @property
    def line(self) -> Line:
        return self.sockets[0]

    def now_ms(self) -> int:
        return self.now

    def pass_ms(self, ms: int) -> None:
        for _ in range(ms // 100):
            self.now += 100
            self.absences._timer.cancel()  # type: ignore[union-attr]
            self.absences._tick()

    def come(self, *ages_ms: int) -> list[TapMark]:
        """Frames arrive, as the tap path takes them."""
        marks = []
        for age in ages_ms:
            stamp = self.now - age
            self.line.heard_ms = self.absences.now_ms
            is_old = stamp < self.absences.old_ms
            marks.append(self.absences.judge(cast(LiveSocket, self.line), stamp) if is_old else NONE)
        return marks

    def answer(self) -> None:
        for ping in self.line.pings:
            self.absences.answered(cast(LiveSocket, self.line), ping)


@pytest.fixture
async def match() -> Any:
    match = Match()
    yield match
    match.absences.stop()


async def test_who_taps_is_not_asked(match: Match) -> None:
    for _ in range(10):
        match.pass_ms(200)
        assert match.come(150) == [NONE]
    assert match.line.pings == []


async def test_who_answers_has_held_back_what_comes_late(match: Match) -> None:
    for _ in range(20):
        match.pass_ms(100)
        match.answer()
    assert len(match.line.pings) >= 3
    assert match.come(1_900, 1_700, 1_400, 200) == [HELD, HELD, NONE, NONE]


async def test_who_is_silent_because_of_a_stall_was_away(match: Match) -> None:
    """Answers wait behind the frames; and the latest ping counts, for what was tapped after the first ones."""
    match.pass_ms(5_000)
    assert match.come(4_900, 3_000, 1_600, 1_400, 100) == [AWAY, AWAY, AWAY, NONE, NONE]
    match.answer()
    match.pass_ms(100)
    assert match.come(1_700) == [HELD]


async def test_a_network_that_grows_slow_is_asked_before_its_frames_are_late(match: Match) -> None:
    """Frames come all the time, so the socket is never silent; each answer takes as long as they do."""
    for delay in range(200, 3_000, 50):
        match.pass_ms(200)
        sent = [ping for ping in match.line.pings if int(ping) <= match.now - delay]
        assert match.come(delay) == [AWAY if delay > 1_500 else NONE], delay
        for ping in sent:
            match.absences.answered(cast(LiveSocket, match.line), ping)


async def test_what_was_tapped_before_the_snapshot_is_of_an_absence(match: Match) -> None:
    """After a reconnect, a reload, on another gateway, or when frames were lost here."""
    match.line.snapshot_ms = match.now
    match.pass_ms(200)
    match.answer()
    assert match.come(11_000, 2_000) == [AWAY, AWAY]
    match.line.heard_ms = match.now
    match.pass_ms(3_000)
    match.answer()
    assert match.come(2_500) == [HELD]


async def test_a_standstill_of_the_gateway_is_nobodys_absence(match: Match) -> None:
    """What the kernel took meanwhile is read before the clock goes on."""
    match.now += 4_000
    assert match.come(4_100, 3_000, 1_600, 100) == [NONE, NONE, NONE, NONE]


@pytest.mark.parametrize("payload", [b"", b"x", b"999999999999", b"-1", b"\xff", b"1" * 125])
async def test_a_made_up_answer_is_none(match: Match, payload: bytes) -> None:
    match.pass_ms(2_000)
    match.absences.answered(cast(LiveSocket, match.line), payload)
    assert match.line.answered_ms == 0


async def test_an_organizer_is_not_asked_and_a_game_that_is_over_neither(match: Match) -> None:
    match.sockets.append(Line(organizes=True))
    match.absences.forget(cast(Any, match))
    match.absences.watch(cast(Any, match))
    match.pass_ms(1_000)
    assert match.sockets[1].pings == []
    asked = len(match.line.pings)
    match.absences.forget(cast(Any, match))
    match.absences._tick()
    assert match.absences._timer is None
    assert len(match.line.pings) == asked


# With sockets and scripts.


async def silent(peer: Peer) -> bytes:
    """The payload of the ping that who falls silent gets."""
    while True:
        opcode, payload = await peer.read_frame()
        if opcode == 9 and payload:
            return payload


async def taps_of(game: Game, room_id: str, user_id: str) -> int:
    state = await game.live.rooms.snapshot(room_id)
    assert state is not None
    return next(player.taps for player in state.players if player.user_id == user_id)


def late(game: Game, user_id: str, count: int, seq: int, ago_ms: int) -> dict[str, Any]:
    return {**game.taps(user_id, count, seq), "timestamp": game.live.now_ms() - ago_ms}


async def test_held_frames_are_refused_observed_and_not_counted(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    client = gateway.hub.users.of(anna)[0]
    client.snapshot_ms -= 60_000  # as if it had come long ago
    await peer.write(frame(10, await silent(peer)))
    await eventually("the answer came", lambda: client.answered_ms)
    await peer.send(late(game, anna, 20, 1, 1_900))
    error = await peer.next("error")
    assert (error["code"], error["for"], error["seq"]) == ("clock", "taps", 1)
    assert await taps_of(game, room_id, anna) == 0

    async def observed() -> Any:
        return (await game.live.rooms.observations(room_id)).get((anna, "held", "1"))

    await eventually("it is observed", observed)


async def test_frames_behind_an_unanswered_ping_count_by_own_rate(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    gateway.hub.users.of(anna)[0].snapshot_ms -= 60_000
    await silent(peer)
    await peer.send(late(game, anna, 20, 1, 1_900))
    # Nothing is known of the rate yet: ten, and what 25 a second make of the time since the start.
    assert (await peer.next("progress"))["taps"][anna][1] == 1
    assert await taps_of(game, room_id, anna) <= 13


async def test_a_reconnect_vouches_for_what_was_tapped_before_it(
    start_gateway: StartGateway, game: Game, road: Road
) -> None:
    """The player's gateway died: the same frames on another one."""
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    await peer.send(late(game, anna, 8, 1, 2_000))
    assert (await peer.next("progress"))["taps"] == {anna: [8, 1]}
