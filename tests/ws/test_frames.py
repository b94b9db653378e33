"""The frame layer against RFC 6455, whatever way the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ws import frames
from gateway.ws.frames import CloseCode, FrameError, FrameReader, close_frame, payload_of, text_frame
from tests.ws.client import close_payload, frame

LIMIT = 70_000


class Record:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, object]] = []

    def on_text(self, payload: bytes) -> None:
        self.seen.append(("text", payload))

    def on_binary(self, payload: bytes) -> None:
        self.seen.append(("binary", payload))

    def on_fragment(self) -> None:
        self.seen.append(("fragment", None))

    def on_ping(self, payload: bytes) -> None:
        self.seen.append(("ping", payload))

    def on_pong(self, payload: bytes) -> None:
        self.seen.append(("pong", None))

    def on_close(self, code: int) -> None:
        self.seen.append(("close", code))


def read(
    stream: bytes, cuts: list[int] | None = None, limit: int = LIMIT
) -> tuple[list[tuple[str, object]], int | None]:
    """What a reader makes of a stream cut at these positions, and the code of the violation that ended it."""
    reader, record = FrameReader(limit), Record()
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts or []}), len(stream)]
    try:
        for start, end in pairwise(edges):
            reader.feed(stream[start:end], record)
    except FrameError as error:
        return record.seen, error.code
    return record.seen, None


MESSAGES = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=300).map(str.encode)),
    st.tuples(st.just("binary"), st.binary(max_size=300)),
    st.tuples(st.just("ping"), st.binary(max_size=125)),
    st.tuples(st.just("pong"), st.binary(max_size=125)),
)


@given(st.lists(st.tuples(MESSAGES, st.lists(st.integers(0, 300), max_size=3)), max_size=8), st.data())
@settings(max_examples=150, deadline=None)
def test_messages_survive_every_way_of_cutting_them(
    messages: list[tuple[tuple[str, bytes], list[int]]], data: st.DataObject
) -> None:
    """Fragmented anywhere, with control frames between the fragments, and cut anywhere by the transport."""
    stream, expected = b"", []
    for (kind, payload), breaks in messages:
        if kind in ("ping", "pong"):
            stream += frame(9 if kind == "ping" else 10, payload)
            expected.append((kind, payload if kind == "ping" else None))
            continue
        edges = [0, *sorted(at % (len(payload) + 1) for at in breaks), len(payload)]
        parts = [payload[start:end] for start, end in pairwise(edges)]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            opcode = (1 if kind == "text" else 2) if number == 0 else 0
            stream += frame(opcode, part, final=last)
            if not last:
                expected.append(("fragment", None))
                stream += frame(9, b"between")
                expected.append(("ping", b"between"))
        expected.append((kind, payload))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    assert read(stream, cuts) == (expected, None)
    assert read(stream, list(range(len(stream)))) == (expected, None)


VIOLATIONS = {
    "unmasked": (frame(1, b"x", masked=False), CloseCode.PROTOCOL_ERROR),
    "unmasked, empty": (frame(1, b"", masked=False), CloseCode.PROTOCOL_ERROR),
    **{f"reserved bits {bits}": (frame(1, b"x", reserved=bits), CloseCode.PROTOCOL_ERROR) for bits in range(1, 8)},
    **{
        f"opcode {opcode}": (frame(opcode, b"x"), CloseCode.PROTOCOL_ERROR)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    "continuation of nothing": (frame(0, b"x"), CloseCode.PROTOCOL_ERROR),
    "text inside a message": (frame(1, b"x", final=False) + frame(1, b"x"), CloseCode.PROTOCOL_ERROR),
    "binary inside a message": (frame(1, b"x", final=False) + frame(2, b"x"), CloseCode.PROTOCOL_ERROR),
    "fragmented ping": (frame(9, b"x", final=False), CloseCode.PROTOCOL_ERROR),
    "fragmented close": (frame(8, b"", final=False), CloseCode.PROTOCOL_ERROR),
    "long ping": (frame(9, b"x" * 126), CloseCode.PROTOCOL_ERROR),
    "long close": (frame(8, close_payload(1000, "x" * 124)), CloseCode.PROTOCOL_ERROR),
    "length 5 in 16 bits": (b"\x81\xfe\x00\x05" + b"\0" * 9, CloseCode.PROTOCOL_ERROR),
    "length 300 in 64 bits": (b"\x81\xff" + (300).to_bytes(8, "big"), CloseCode.PROTOCOL_ERROR),
    "length of 2^63": (b"\x81\xff" + (2**63).to_bytes(8, "big"), CloseCode.PROTOCOL_ERROR),
    "too long": (b"\x81\xff" + (LIMIT + 1).to_bytes(8, "big"), CloseCode.TOO_BIG),
    "too long in parts": (frame(1, b"x" * LIMIT, final=False) + frame(0, b"x"), CloseCode.TOO_BIG),
    "close of one byte": (frame(8, b"\x03"), CloseCode.PROTOCOL_ERROR),
    "close with a bad reason": (frame(8, b"\x03\xe8\xff"), CloseCode.BAD_DATA),
    "not UTF-8": (frame(1, b"ok \xff"), CloseCode.BAD_DATA),
    "surrogate": (frame(1, b"\xed\xa0\x80"), CloseCode.BAD_DATA),
    "character cut by the end": (frame(1, "я".encode()[:1]), CloseCode.BAD_DATA),
    "character cut by the end of the last part": (frame(1, b"x", final=False) + frame(0, b"\xd1"), CloseCode.BAD_DATA),
    **{
        f"close code {code}": (frame(8, close_payload(code)), CloseCode.PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    },
}


@pytest.mark.parametrize(("stream", "code"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_a_violation_is_found_and_what_came_before_it_is_kept(stream: bytes, code: int) -> None:
    before = frame(1, b"before")
    for cuts in ([], list(range(len(before) + len(stream) if len(stream) < 400 else 400))):
        seen, found = read(before + stream, cuts)
        assert found == code
        assert seen[0] == ("text", b"before")
        assert [kind for kind, _ in seen[1:]] in ([], ["fragment"])


def test_a_violation_is_found_before_the_frame_is_complete() -> None:
    """A bad byte fails fast: inside the frame that holds it, across fragments too."""
    bad = frame(1, b"\xce\xba\xf4\x90" + b"x" * 100)
    assert read(bad[:10]) == ([], CloseCode.BAD_DATA)
    parts = frame(1, b"\xf4", final=False) + frame(0, b"\x90" + b"x" * 50, final=False)
    assert read(parts[:14]) == ([("fragment", None)], CloseCode.BAD_DATA)
    assert read(frame(1, b"x" * 60_000, final=False)[:6], limit=4096)[1] == CloseCode.TOO_BIG


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
@settings(max_examples=200, deadline=None)
def test_noise_is_read_the_same_however_it_is_cut(noise: bytes, cuts: list[int]) -> None:
    whole, cut = read(noise), read(noise, cuts)
    assert whole[1] == cut[1]
    assert whole[0] == cut[0] or whole[1] is not None


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 4000, 4505, 4999])
def test_good_close_codes_pass(code: int) -> None:
    assert read(frame(8, close_payload(code, "причина"))) == ([("close", code)], None)
    assert read(frame(8)) == ([("close", 1005)], None)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_frames_of_the_server(size: int) -> None:
    payload = b"x" * size
    made = text_frame(payload)
    assert payload_of(made) == payload
    assert made[0] == 0x81
    assert made[1] == (size if size < 126 else 126 if size < 65536 else 127)


def test_a_close_frame_fits_whatever_the_reason() -> None:
    assert close_frame(1005) == b"\x88\x00"
    made = close_frame(4503, "я" * 200)
    assert len(made) <= 127
    assert made[4:].decode() == "я" * 61
    assert frames.PING_FRAME == b"\x89\x00"
