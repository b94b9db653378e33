"""The protocol class on real uvicorn: handshakes, closes, limits, and peers that do not behave."""

import asyncio
import gc

import pytest

from cli.commands.ws_echo import EchoConnection
from gateway.ws.connection import Connection, Edge, Limits, SocketEndpoint, Visitor
from gateway.ws.frames import CloseCode
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer, Refused, close_payload, frame
from tests.ws.conftest import Serve

PATH = "/echo"


class EchoEndpoint(SocketEndpoint):
    """Echoes; a connection stays silent until its first message."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, PATH)
        self.connections: list[Connection] = []

    def make(self, edge: Edge, visitor: Visitor) -> Connection:
        connection = Echo(self, edge)
        self.connections.append(connection)
        return connection


class Echo(EchoConnection):
    """Its first message is its hello."""

    __slots__ = ()

    def on_text(self, payload: bytes) -> None:
        self.settle_in()
        super().on_text(payload)


async def test_texts_binaries_pings_and_fragments_come_back(serve: Serve) -> None:
    server = await serve(EchoEndpoint(Limits(message_bytes=70_000)))
    peer = await Peer.open(server.port, PATH + "?any=query")
    await peer.write(frame(1, "привет".encode()))
    assert await peer.read_frame() == (1, "привет".encode())
    await peer.write(frame(2, bytes(range(256)) * 256))
    assert await peer.read_frame() == (2, bytes(range(256)) * 256)
    await peer.write(frame(1, b"a", final=False) + frame(9, b"in between") + frame(0, b"b"))
    assert await peer.read_frame() == (10, b"in between")
    assert await peer.read_frame() == (1, b"ab")
    await peer.write(frame(8, close_payload(1000, "bye")))
    assert await peer.closed() == 1000


async def test_a_close_is_answered_once(serve: Serve) -> None:
    server = await serve(EchoEndpoint(Limits()))
    for code, answer in ((1000, 1000), (1001, 1001), (3000, 3000), (4000, 4000), (1005, 1005), (1006, 1002)):
        peer = await Peer.open(server.port, PATH)
        payload = b"" if code == 1005 else close_payload(code)
        await peer.write(frame(8, payload) + frame(1, b"ignored") + frame(8, payload))
        assert await peer.closed() == answer


REFUSALS: dict[str, tuple[dict[str, str], str, str, int]] = {
    "another path": ({}, "GET", "/api/v1/other", 404),
    "an old version": ({"Sec-WebSocket-Version": "8"}, "GET", PATH, 426),
    "no version": ({"Sec-WebSocket-Version": ""}, "GET", PATH, 426),
    "no key": ({"Sec-WebSocket-Key": ""}, "GET", PATH, 400),
    "a short key": ({"Sec-WebSocket-Key": "c2hvcnQ="}, "GET", PATH, 400),
    "a key that is no base64": ({"Sec-WebSocket-Key": "?" * 24}, "GET", PATH, 400),
    "another method": ({}, "POST", PATH, 400),
}


async def test_bad_handshakes(serve: Serve) -> None:
    server = await serve(EchoEndpoint(Limits()))
    for name, (headers, method, path, status) in REFUSALS.items():
        with pytest.raises(Refused) as refused:
            await Peer.open(server.port, path, headers=headers, method=method)
        assert refused.value.status == status, name
        assert b'"code":' in refused.value.body
        assert (b"sec-websocket-version: 13" in refused.value.head) == (status == 426)


VIOLATIONS = {
    "unmasked": (frame(1, b"x", masked=False), CloseCode.PROTOCOL_ERROR),
    "not UTF-8": (frame(1, b"\xff"), CloseCode.BAD_DATA),
    "too big": (frame(1, b"x" * 5000), CloseCode.TOO_BIG),
    "too big in fragments": (frame(1, b"x" * 4000, final=False) + frame(0, b"x" * 4000), CloseCode.TOO_BIG),
    "reserved opcode": (frame(3), CloseCode.PROTOCOL_ERROR),
    "fragmented ping": (frame(9, final=False), CloseCode.PROTOCOL_ERROR),
}


async def test_a_violation_closes_with_its_code_and_hurts_nobody_else(serve: Serve) -> None:
    server = await serve(EchoEndpoint(Limits()))
    other = await Peer.open(server.port, PATH)
    for name, (stream, code) in VIOLATIONS.items():
        peer = await Peer.open(server.port, PATH)
        await peer.write(stream + frame(1, b"after the end"))
        assert await peer.closed() == code, name
        await other.write(frame(1, b"still here"))
        assert await other.read_frame() == (1, b"still here")


async def test_too_many_frames_are_shed_before_they_are_looked_at(serve: Serve) -> None:
    endpoint = EchoEndpoint(Limits(frames_per_s=1, frame_burst=10))
    server = await serve(endpoint)
    for flood in (frame(1, b"{"), frame(9), frame(10), frame(0)):
        peer = await Peer.open(server.port, PATH)
        opening = frame(1, b"", final=False) if flood[0] == 0x80 else b""
        # An unfinished message's empty continuations must not be free either.
        stream = opening + (frame(0, final=False) * 20 if opening else flood * 20)
        await peer.write(stream)
        assert await peer.closed() == CloseCode.TOO_MANY_FRAMES


async def test_silent_sockets_are_told_to_go(serve: Serve) -> None:
    endpoint = EchoEndpoint(Limits(hello_s=0.1))
    server = await serve(endpoint)
    peers = await asyncio.gather(*(Peer.open(server.port, PATH) for _ in range(1000)))
    speaker = await Peer.open(server.port, PATH)
    await speaker.write(frame(1, b"hello"))
    assert await speaker.read_frame() == (1, b"hello")
    assert set(await asyncio.gather(*(peer.closed() for peer in peers))) == {CloseCode.NO_HELLO}
    await speaker.write(frame(1, b"still here"))
    assert await speaker.read_frame() == (1, b"still here")
    assert not endpoint.silent


async def test_of_too_many_silent_sockets_the_oldest_goes(serve: Serve) -> None:
    endpoint = EchoEndpoint(Limits(silent_sockets=2))
    server = await serve(endpoint)
    peers = [await Peer.open(server.port, PATH) for _ in range(3)]
    assert await peers[0].closed() == CloseCode.NO_HELLO
    for peer in peers[1:]:
        await peer.write(frame(1, b"hello"))
        assert await peer.read_frame() == (1, b"hello")


async def test_a_dead_peer_is_dropped_and_a_quiet_one_is_kept(serve: Serve) -> None:
    """The quiet one answers pings; the dead one does not even read them."""
    endpoint = EchoEndpoint(Limits(heartbeat_s=0.1))
    server = await serve(endpoint)
    quiet, dead = await Peer.open(server.port, PATH), await Peer.open(server.port, PATH)
    for peer in (quiet, dead):
        await peer.write(frame(1, b"hello"))
        assert await peer.read_frame() == (1, b"hello")
    pings = 0
    while not endpoint.connections[1].is_closing:
        assert await quiet.read_frame() == (9, b"")
        await quiet.write(frame(10))
        pings += 1
        assert pings < 20
    assert not endpoint.connections[0].is_closing
    assert await dead.closed() is None


async def test_a_peer_that_never_reads_is_cut_and_costs_little(serve: Serve) -> None:
    limits = Limits(frames_per_s=0, backlog_bytes=8192, write_buffer_bytes=8192)
    endpoint = EchoEndpoint(limits)
    server = await serve(endpoint)
    peer = await Peer.open(server.port, PATH, deaf=True)
    await peer.write(frame(1, b"hello"))
    await eventually("the connection is made", lambda: endpoint.connections)
    connection = endpoint.connections[0]
    while not connection.is_closing:
        peer.writer.write(frame(1, b"x" * 1000))
        await asyncio.sleep(0)
    # What was kept for it is gone, and reading on it finds why.
    assert connection._backlog is None
    assert await peer.closed() == CloseCode.TOO_SLOW


async def test_a_reader_who_catches_up_gets_everything_in_order(serve: Serve) -> None:
    limits = Limits(frames_per_s=0, backlog_bytes=2**24, write_buffer_bytes=4096)
    endpoint = EchoEndpoint(limits)
    server = await serve(endpoint)
    peer = await Peer.open(server.port, PATH, deaf=True)
    await peer.write(frame(1, b"0"))
    await eventually("the connection is made", lambda: endpoint.connections)
    connection = endpoint.connections[0]
    sent = 1
    while not connection._backlog:
        assert not connection.is_closing
        peer.writer.write(frame(1, str(sent).encode() + b" " * 1000))
        sent += 1
        await asyncio.sleep(0)
    for number in range(sent):
        opcode, payload = await peer.read_frame()
        assert (opcode, int(payload)) == (1, number)
    await eventually("writing goes on", lambda: not connection.is_paused)
    await peer.write(frame(1, b"done"))
    assert await peer.read_frame() == (1, b"done")


async def test_the_server_takes_leave_of_everybody(serve: Serve) -> None:
    endpoint = EchoEndpoint(Limits())
    server = await serve(endpoint)
    peers = [await Peer.open(server.port, PATH) for _ in range(3)]
    stopping = asyncio.create_task(server.stop())
    assert [await peer.closed() for peer in peers] == [CloseCode.SERVICE_RESTART] * 3
    await stopping


async def test_a_peer_that_does_not_answer_a_close_is_dropped(serve: Serve) -> None:
    endpoint = EchoEndpoint(Limits(linger_s=0.1))
    server = await serve(endpoint)
    peer = await Peer.open(server.port, PATH)
    await eventually("the connection is made", lambda: endpoint.connections)
    endpoint.connections[0].close(CloseCode.DRAINING)
    opcode, payload = await peer.read_frame()
    assert (opcode, payload[:2]) == (8, (4001).to_bytes(2, "big"))
    assert await peer.reader.read() == b""


async def test_nothing_of_a_connection_stays_behind(serve: Serve) -> None:
    """Neither our objects nor uvicorn's HTTP protocol wait for the cycle collector."""
    endpoint = EchoEndpoint(Limits())
    server = await serve(endpoint)
    gc.collect()
    gc.disable()
    try:
        peer = await Peer.open(server.port, PATH)
        await peer.write(frame(1, b"hello"))
        assert await peer.read_frame() == (1, b"hello")
        assert not _alive("HttpToolsProtocol")
        peer.abort()
        await eventually("the server forgets the connection", lambda: not server.server.server_state.connections)
        endpoint.connections.clear()
        await asyncio.sleep(0)
        assert not _alive("Echo")
        assert not _alive("WebSocketProtocol")
    finally:
        gc.enable()


def _alive(name: str) -> list[object]:
    return [each for each in gc.get_objects() if type(each).__name__ == name]
