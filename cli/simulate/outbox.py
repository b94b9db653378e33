"""Taps frames on their way: numbered, kept until frames 3 s later are acknowledged, sent again when the server lacks
them.  While nothing is acknowledged nothing is thrown away: a server that comes back may be older than it was.

Owns the sequence number.  Knows no clock but the moments it is told, in seconds of the event loop.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

KEEP_ACKNOWLEDGED_S = 3.0


@dataclass(slots=True)
class SentFrame:
    """A frame until it is acknowledged and 3 s older; `first_sent` is 0 once it was sent again (no latency then)."""

    seq: int
    count: int
    payload: bytes
    first_sent: float
    acknowledged: float | None = None


class Outbox:
    """The frames of one player in one game; `seq` is the server's number when the player entered."""

    def __init__(self, user_id: str, seq: int) -> None:
        self._user_id = user_id
        self._seq = seq
        self._sent: deque[SentFrame] = deque()

    def add(self, count: int, stamp_ms: int, now: float, *, online: bool) -> bytes:
        """The next frame, to be sent now if `online`, else by `lacking` later."""
        self._seq += 1
        payload = orjson.dumps(
            {"type": "taps", "user_id": self._user_id, "count": count, "timestamp": stamp_ms, "seq": self._seq}
        )
        self._sent.append(SentFrame(self._seq, count, payload, now if online else 0.0))
        return payload

    def acknowledge(self, seq: int, now: float) -> Iterator[float]:
        """Everything up to `seq` was dealt with; yields the latencies of frames that went out once."""
        sent = self._sent
        while sent and sent[0].acknowledged is not None and sent[0].acknowledged < now - KEEP_ACKNOWLEDGED_S:
            sent.popleft()
        for frame in sent:
            if frame.seq > seq:
                return
            if frame.acknowledged is None:
                frame.acknowledged = now
                if frame.first_sent:
                    yield now - frame.first_sent

    def count_of(self, seq: int) -> int:
        """The taps of a frame, 0 where it is forgotten."""
        return next((frame.count for frame in self._sent if frame.seq == seq), 0)

    def lacking(self, seq: int, now: float) -> list[bytes]:
        """What a server that knows frames up to `seq` must get, acknowledged before or not: Redis may have come back
        older than it was."""
        again = []
        for frame in self._sent:
            if frame.seq > seq:
                frame.acknowledged, frame.first_sent = None, 0.0
                again.append(frame.payload)
            elif frame.acknowledged is None:
                frame.acknowledged = now
        return again
