"""What the rules of the tap path make of one frame, in pure Python.  Part of the model of the room."""

from collections import deque
from dataclasses import dataclass, field

from persistence.redis.codes import TapFrame, TapStatus


@dataclass
class Taps:
    """One player's record: the window is an exact list of (stamp, count)."""

    taps: int = 0
    seq: int = 0
    reached: int = 0
    last_ms: int = 0
    best: int = 0
    evidence: int = 0  # the sum that blocked
    index: int = 0
    blocked: bool = False
    window: deque[tuple[int, int]] = field(default_factory=deque)

    def apply(self, frame: TapFrame, now: int, starts_ms: int) -> TapStatus:
        """One frame of a player who is not blocked, while the game takes frames: rules 2 to 5."""
        if 0 <= frame.seq <= self.seq:
            return TapStatus.DUPLICATE
        self.seq = max(self.seq, frame.seq)
        if not 1 <= frame.taps <= 50:
            return TapStatus.INVALID_REQUEST
        if frame.timestamp > now + 2000 or frame.timestamp < now - 12_000:
            return TapStatus.CLOCK
        stamp = min(frame.timestamp, now) - starts_ms
        if -2000 <= stamp < 0:
            stamp = 0
        if stamp < self.last_ms:
            return TapStatus.CLOCK
        while self.window and self.window[0][0] <= stamp - 2000:
            self.window.popleft()
        total = sum(count for _, count in self.window) + frame.taps
        if total > 50:
            self.blocked = True
            self.evidence = total
            return TapStatus.BLOCKED
        if self.taps + frame.taps > 50 + 25 * (now - starts_ms) / 1000:
            return TapStatus.RATE_LIMITED
        self.taps += frame.taps
        self.window.append((stamp, frame.taps))
        self.last_ms = stamp
        self.best = max(self.best, total)
        return TapStatus.OK
