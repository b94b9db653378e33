"""What the rules of the tap path make of one frame, in pure Python.  Part of the model of the room."""

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction

from persistence.redis.codes import TapFrame, TapMark, TapStatus


@dataclass
class Taps:
    """One player's record: the window is an exact list of (stamp, count).

    `prompt` taps count; of those `claimed` for `away_ms` of absences the `credited` ones do.  `weighed_ms` are the
    same, each worth 1.1 at the start of a game and 0.9 at its end.
    """

    prompt: int = 0
    claimed: int = 0
    credited: int = 0
    away_ms: int = 0
    weighed_ms: int = 0
    fastest_ms: int = 2000  # from a stamp to when the frame came
    present_ms: int = 0  # when the last frame of the present came, less the fastest way
    after: bool = False  # the last frame that counted was late
    is_away: bool = False  # and it was counted as one of an absence
    seq: int = 0
    reached: int = 0
    last_ms: int = 0
    best: int = 0
    evidence: int = 0  # the sum that blocked
    index: int = 0
    blocked: bool = False
    window: deque[tuple[int, int]] = field(default_factory=deque)

    @property
    def taps(self) -> int:
        return self.prompt + self.credited

    def apply(self, frame: TapFrame, now: int, starts_ms: int, ends_ms: int) -> TapStatus:
        """One frame of a player who is not blocked, while the game takes frames: rules 2 to 5."""
        if 0 <= frame.seq <= self.seq:
            return TapStatus.DUPLICATE
        self.seq = max(self.seq, frame.seq)
        if not 1 <= frame.taps <= 20:
            return TapStatus.INVALID_REQUEST
        if frame.mark == TapMark.HELD:
            return TapStatus.HELD
        late = frame.mark == TapMark.AWAY or now >= ends_ms
        if frame.timestamp > now + 2000 or frame.timestamp < now - 12_000:
            return TapStatus.CLOCK
        stamp = min(frame.timestamp, now) - starts_ms
        if -2000 <= stamp < 0:
            stamp = 0
        if stamp < self.last_ms:
            return TapStatus.CLOCK
        covered = max(0, min(1000, stamp - max(self.last_ms, self.present_ms)))
        fits = self.away_ms + covered <= 18_000
        if late and not fits:
            return TapStatus.HELD
        while self.window and self.window[0][0] <= stamp - 2000:
            self.window.popleft()
        total = sum(count for _, count in self.window) + frame.taps
        if total > 50:
            self.blocked = True
            self.evidence = total
            return TapStatus.BLOCKED
        if self.taps + frame.taps > 50 + 25 * (now - starts_ms) / 1000:
            return TapStatus.RATE_LIMITED
        self.is_away = late or (self.after and fits)
        self.after = late
        if self.is_away:
            self.claimed += frame.taps
            self.away_ms += covered
            self.weighed_ms += int(covered * (Fraction(110, 100) - Fraction(20 * stamp, 100 * (ends_ms - starts_ms))))
        else:
            self.prompt += frame.taps
            self.fastest_ms = min(self.fastest_ms, now - starts_ms - stamp)
            self.present_ms = min(now - starts_ms, stamp + 2000) - self.fastest_ms
        self.credited = max(
            self.credited, min(self.claimed, self._likely(min(now, ends_ms) - starts_ms, ends_ms - starts_ms))
        )
        self.window.append((stamp, frame.taps))
        self.last_ms = stamp
        self.best = max(self.best, total)
        return TapStatus.OK

    def _likely(self, passed_ms: int, length_ms: int) -> int:
        """By the rate of the time that was no absence, 25 a second at most, of 30 s at least where the game has as much
        more, of which 4 a second are made up where it is missing: a third of what 5 s of it are worth more and 7, or 12
        more."""
        here_ms = passed_ms - self.away_ms
        known_ms = max(here_ms, min(30_000, length_ms - 30_000))
        prompt = self.prompt + (known_ms - here_ms) * 4 // 1000
        most = Fraction(self.away_ms * 25, 1000)
        own = int(min(most, Fraction(prompt * self.weighed_ms, known_ms)) if known_ms > 0 else most)
        unsure = Fraction(own, 3) * min(Fraction(1), Fraction(5_000, self.away_ms)) if self.away_ms else 0
        return own + max(12, 7 + int(unsure))
