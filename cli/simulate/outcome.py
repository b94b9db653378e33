"""What one player saw of one game."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Outcome:
    """What one player saw of one game."""

    user_id: str
    room_id: str
    stake: int
    state: str = "unknown"
    starts_ms: int = 0
    ends_ms: int = 0
    winner: str | None = None
    prize: int = 0
    standings: list[dict[str, Any]] = field(default_factory=list)
    payout: int = 0
    balance: int = 0
    settled_frames: int = 0
    taps_sent: int = 0
    taps_held: int = 0
    taps_refused: int = 0  # of a cheat who holds frames back
    frames_sent: int = 0
    frames_resent: int = 0
    progress_seen: int = 0
    reconnects: int = 0
    reconnect_s: list[float] = field(default_factory=list)
    gaps: int = 0
    style: str = "person"
    organizes: bool = False
    target: int | None = None
    reactions_sent: int = 0
    reactions_seen: int = 0
    blocked: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)

    @property
    def reached_target(self) -> bool:
        """Whether the target ended the game: taps that were under way then do not count."""
        return self.target is not None and any(line["taps"] >= self.target for line in self.standings)

    @property
    def taps_counted(self) -> int:
        """The player's taps in the recorded result."""
        return next((int(line["taps"]) for line in self.standings if line["user_id"] == self.user_id), 0)
