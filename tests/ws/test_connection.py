"""The connection object and its wheel without a network: what waits for a slow reader, and when it is given up."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.live.progress import ProgressEvent, decode_head
from gateway.live.room import Room
from gateway.ws.connection import Connection, Edge, Limits, SocketEndpoint, Visitor
from gateway.ws.frames import CloseCode, payload_of, text_frame
from gateway.ws.wheel import Wheel
from tests.fixtures.waiting import eventually


class Line:
    """An edge that writes to a list."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.close_code: int | None = None
        self.aborted = False
        self.on_write: Callable[[], None] = lambda: None

    def write(self, frame: bytes) -> None:
        self.sent.append(frame)
        self.on_write()

    def fast_writer(self) -> Callable[[bytes], None]:
        return self.write

    def ping(self, payload: bytes = b"") -> None:
        self.sent.append(b"ping")

    def close(self, code: int, reason: str) -> None:
        self.close_code = code

    def abort(self) -> None:
        self.aborted = True


class Plain(Connection):
    __slots__ = ("ended", "texts")

    def __init__(self, endpoint: SocketEndpoint, edge: Edge) -> None:
        super().__init__(endpoint, edge)
        self.texts: list[bytes] = []
        self.ended = 0

    def on_text(self, payload: bytes) -> None:
        self.texts.append(payload)

    def on_binary(self, payload: bytes) -> None:
        self.texts.append(payload)

    def on_end(self) -> None:
        self.ended += 1


class PlainEndpoint(SocketEndpoint):
    def make(self, edge: Edge, visitor: Visitor) -> Plain:
        return Plain(self, edge)


def connect(limits: Limits | None = None) -> tuple[Plain, Line]:
    line = Line()
    connection = PlainEndpoint(limits or Limits(), None).connect(line, Visitor())
    assert isinstance(connection, Plain)
    connection.settle_in()
    return connection, line


def progress(since: int, version: int, taps: dict[str, tuple[int, int]], epoch: str = "e") -> ProgressEvent:
    message = {"type": "progress", "epoch": epoch, "version": version, "since": since, "taps": taps}
    payload = msgspec.json.encode(message)
    return ProgressEvent.read(decode_head(payload), payload)


def read(frame: bytes) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(payload_of(frame))
    return message


async def test_progress_for_a_slow_reader_is_one_union() -> None:
    connection, line = connect()
    connection.pause()
    connection.send_mergeable(progress(4, 5, {"1": (10, 1), "2": (5, 1)}))
    connection.send_mergeable(progress(5, 6, {"2": (9, 2)}))
    connection.send_mergeable(progress(6, 9, {"3": (1, 1)}))
    connection.send(text_frame(b"between"))
    connection.send_mergeable(progress(9, 10, {"1": (20, 3)}))
    assert line.sent == []
    connection.resume()
    first, between, last = line.sent
    assert read(first) == {
        "type": "progress",
        "epoch": "e",
        "version": 9,
        "since": 4,
        "taps": {"1": [10, 1], "2": [9, 2], "3": [1, 1]},
    }
    assert payload_of(between) == b"between"
    assert read(last)["taps"] == {"1": [20, 3]}
    connection.send(text_frame(b"again at once"))
    assert payload_of(line.sent[-1]) == b"again at once"


async def test_progress_of_another_epoch_is_not_united() -> None:
    connection, line = connect()
    connection.pause()
    connection.send_mergeable(progress(4, 5, {"1": (10, 1)}))
    connection.send_mergeable(progress(1, 2, {"1": (3, 1)}, epoch="f"))
    connection.resume()
    assert [read(frame)["epoch"] for frame in line.sent] == ["e", "f"]


async def test_a_reader_that_stays_slow_is_given_up_and_keeps_nothing() -> None:
    connection, line = connect(Limits(backlog_bytes=10_000))
    connection.pause()
    for version in range(2000):
        connection.send_mergeable(progress(version, version + 1, {"1": (version, version)}))
    assert line.close_code is None
    while line.close_code is None:
        connection.send(text_frame(b"x" * 1000))
        assert connection._backlog_cost < 12_000
    assert line.close_code == CloseCode.TOO_SLOW
    assert connection._backlog is None
    assert connection.ended == 1
    connection.send(text_frame(b"nothing more"))
    connection.lost()
    assert (line.sent, connection.ended) == ([], 1)


async def test_a_pause_in_the_middle_of_catching_up_keeps_the_order() -> None:
    connection, line = connect()
    connection.pause()
    for number in range(5):
        connection.send(text_frame(str(number).encode()))
    line.on_write = lambda: connection.pause() if len(line.sent) == 2 else None
    connection.resume()
    assert len(line.sent) == 2
    connection.send(text_frame(b"5"))
    connection.resume()
    assert [payload_of(frame) for frame in line.sent] == [b"0", b"1", b"2", b"3", b"4", b"5"]


async def test_a_reader_paused_for_two_beats_is_too_slow() -> None:
    connection, line = connect(Limits(heartbeat_s=0.01))
    connection.endpoint.wheel = Wheel(tick_s=0.005)
    connection.endpoint.wheel.schedule(connection, 0.01)
    connection.pause()

    def closed() -> bool:
        connection.alive = True  # it answers pings, but it does not read
        return line.close_code is not None

    await eventually("the connection is closed", closed)
    assert line.close_code == CloseCode.TOO_SLOW


async def test_the_rate_is_counted_before_anything_else() -> None:
    connection, line = connect(Limits(frames_per_s=30, frame_burst=100))
    clock = [1000.0]
    connection.endpoint.clock = lambda: clock[0]
    for _ in range(100):
        connection.receive(b"x")
    assert line.close_code is None
    clock[0] += 1
    for _ in range(30):
        connection.receive(b"x")
    assert line.close_code is None
    connection.receive(b"x")
    assert line.close_code == CloseCode.TOO_MANY_FRAMES
    connection.receive(b"x")
    assert len(connection.texts) == 130


async def test_the_wheel_keeps_one_appointment_each() -> None:
    wheel = Wheel(tick_s=0.001, slots=16)
    called: list[str] = []

    class Item:
        def __init__(self, name: str) -> None:
            self.slot = -1
            self.name = name

        def on_time(self) -> None:
            called.append(self.name)
            if self.name == "first":
                wheel.cancel(second)

    first, second, third = Item("first"), Item("second"), Item("third")
    wheel.schedule(first, 0)
    wheel.schedule(third, 1000)  # beyond a round: cut to it
    wheel.schedule(second, 0.008)
    wheel.schedule(first, 0.003)
    await eventually("the third is called", lambda: "third" in called)
    assert called == ["first", "third"]
    assert [item.slot for item in (first, second, third)] == [-1, -1, -1]
    wheel.schedule(first, 0)
    await eventually("the first is called again", lambda: called.count("first") == 2)


class VirtualTime:
    """A clock and a ring that move when told."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._calls: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now_s

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        self._calls.append((self.now_s + delay_s, call))

    def go_to(self, moment_s: float) -> None:
        for at, call in sorted(self._calls, key=lambda entry: entry[0]):
            if at <= moment_s:
                self._calls.remove((at, call))
                self.now_s = at
                call()
        self.now_s = moment_s


@pytest.mark.parametrize("gateways", [1, 2])
async def test_progress_goes_out_once_a_period_however_many_gateways_make_it(gateways: int) -> None:
    """Every gateway's batch makes an event each 100 ms, in its own phase, with jitter."""
    time = VirtualTime()

    class Timed:
        absences = None
        ring = time
        clock = time.clock

    context: Any = Timed()
    room = Room(context, "00aaaaaaaaaaaaaa", b"channel", lambda _room: None)
    line = Line()
    connection: Any = Plain(PlainEndpoint(Limits(), None), line)
    room._sockets[connection] = None
    room._epoch = "e"
    sent_at: list[float] = []
    line.on_write = lambda: sent_at.append(time.now_s)
    jitter = [0.0, 0.004, -0.006, 0.009, -0.002]
    moments = sorted(
        n * 0.1 + gateway * 0.04 + jitter[(n + gateway) % 5] for n in range(1, 50) for gateway in range(gateways)
    )
    for version, moment in enumerate(moments, start=1):
        time.go_to(moment)
        message = {"type": "progress", "epoch": "e", "version": version, "since": version - 1}
        room.on_message(msgspec.json.encode({**message, "taps": {"1": (version, 1)}}))
    time.go_to(moments[-1] + 1)
    frames = [read(frame) for frame in line.sent]
    assert frames[0]["since"] == 0
    assert [frame["since"] for frame in frames[1:]] == [frame["version"] for frame in frames[:-1]]
    assert frames[-1]["version"] == len(moments)
    assert frames[-1]["taps"] == {"1": [len(moments), 1]}
    assert len(sent_at) <= 49 * 1.15
    if gateways == 1:
        assert sent_at == moments, "one gateway's own rhythm is never held back"
