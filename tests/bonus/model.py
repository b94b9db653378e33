"""The bonus run in pure Python: what its scripts must do, written from the rules and not from the Lua."""

from collections import deque
from dataclasses import dataclass, field

from persistence.redis.bonus import BonusFrame, LiveRun
from persistence.redis.codes import TapStatus
from persistence.vocabulary import BonusState


@dataclass
class Run:
    """The run's own time never goes back behind `last_ms`, that of its last change; the window is an exact list of
    (stamp, count)."""

    run_id: int
    goal: int
    started_ms: int
    ends_ms: int
    state: BonusState
    taps: int
    seq: int
    stamp_ms: int
    reason: str | None
    evidence: int
    last_ms: int
    now_ms: int = 0
    revision: int = 1
    window: deque[tuple[int, int]] = field(default_factory=deque)


class Shelf:
    """One player's place in Redis: the run, if there is one, and whether Postgres has yet to hear of it."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.dirty = False

    def view(self, user_id: str) -> LiveRun | None:
        run = self.run
        if run is None:
            return None
        return LiveRun(
            user_id=user_id,
            run_id=run.run_id,
            state=run.state,
            taps=run.taps,
            seq=run.seq,
            stamp_ms=run.stamp_ms,
            goal=run.goal,
            started_ms=run.started_ms,
            ends_ms=run.ends_ms,
            reason=run.reason,
            evidence=run.evidence,
            revision=run.revision,
        )

    def start(self, clock: int, known: LiveRun) -> None:
        if self.run is None or self.run.run_id < known.run_id:
            self.run = Run(
                run_id=known.run_id,
                goal=known.goal,
                started_ms=known.started_ms,
                ends_ms=known.ends_ms,
                state=known.state,
                taps=known.taps,
                seq=known.seq,
                stamp_ms=known.stamp_ms,
                reason=known.reason,
                evidence=known.evidence,
                last_ms=max(clock, known.started_ms),
            )
        run, expired = self._at(clock)
        if run.run_id == known.run_id:
            decided = known.state != "running" and (known.state != run.state or expired)
            if decided or known.taps > run.taps or known.seq > run.seq or known.stamp_ms > run.stamp_ms:
                run.taps, run.seq = max(run.taps, known.taps), max(run.seq, known.seq)
                run.stamp_ms = max(run.stamp_ms, known.stamp_ms)
                if decided:
                    run.state, run.reason, run.evidence = known.state, known.reason, known.evidence
                self._write()
            if known.state != "running":
                return
        self._save(expired)

    def look(self, clock: int) -> None:
        if self.run is not None:
            self._save(self._at(clock)[1])

    def cancel(self, clock: int, run_id: int) -> str:
        if self.run is None or self.run.run_id != run_id:
            return "not_found"
        run, changed = self._at(clock)
        if run.state == "running":
            run.state, run.reason, changed = "cancelled", "player", True
        self._save(changed)
        return "ok" if run.state == "cancelled" else "conflict"

    def flushed(self, run_id: int, revision: int, *, known: bool) -> bool:
        if self.run is not None and (self.run.run_id, self.run.revision) != (run_id, revision):
            return False
        self.dirty = False
        if not known:
            self.run = None
        return True

    def tap(self, clock: int, frames: list[BonusFrame]) -> list[TapStatus] | None:
        if self.run is None:
            return None
        run, changed = self._at(clock)
        statuses = []
        for frame in frames:
            ran = run.state == "running"
            status = _apply(run, frame)
            statuses.append(status)
            # What is refused is dealt with too, but for a number that is none.
            changed = changed or (ran and status is not TapStatus.DUPLICATE and frame.seq < 2**32)
        self._save(changed)
        return statuses

    def _at(self, clock: int) -> tuple[Run, bool]:
        """The run at its own time, and whether that has just ended it."""
        assert self.run is not None
        run = self.run
        run.now_ms = max(clock, run.last_ms)
        if run.state == "running" and run.now_ms >= run.ends_ms:
            run.state = "expired"
            return run, True
        return run, False

    def _save(self, changed: bool) -> None:
        if changed:
            self._write()
            self.dirty = True

    def _write(self) -> None:
        assert self.run is not None
        self.run.revision += 1
        self.run.last_ms = self.run.now_ms


def _apply(run: Run, frame: BonusFrame) -> TapStatus:
    if frame.seq > 2**32 - 1:
        return TapStatus.INVALID_REQUEST
    if 0 <= frame.seq <= run.seq:
        return TapStatus.DUPLICATE
    if run.state != "running":
        return TapStatus.FORBIDDEN if run.reason == "too_fast" else TapStatus.ROOM_CLOSED
    run.seq = max(run.seq, frame.seq)
    if not 1 <= frame.taps <= 20:
        return TapStatus.INVALID_REQUEST
    if not run.now_ms - 12_000 <= frame.timestamp <= run.now_ms + 2_000:
        return TapStatus.CLOCK
    stamp = min(frame.timestamp, run.now_ms)
    if run.started_ms - 2_000 <= stamp < run.started_ms:
        stamp = run.started_ms
    if stamp < max(run.stamp_ms, run.started_ms):
        return TapStatus.CLOCK
    while run.window and run.window[0][0] <= stamp - 2_000:
        run.window.popleft()
    total = sum(count for _, count in run.window) + frame.taps
    if total > 50:
        run.state, run.reason, run.evidence = "cancelled", "too_fast", total
        return TapStatus.BLOCKED
    if run.taps + frame.taps > 50 + 25 * (run.now_ms - run.started_ms) / 1000:
        return TapStatus.RATE_LIMITED
    run.taps = min(run.taps + frame.taps, run.goal)
    run.stamp_ms = stamp
    run.window.append((stamp, frame.taps))
    if run.taps == run.goal:
        run.state = "done"
    return TapStatus.OK
