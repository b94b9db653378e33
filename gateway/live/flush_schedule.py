"""The beat of the tap path: a ring of ten slots of 10 ms.

Owns when rooms flush.  Every room keeps to its own slot, so that a gateway's work is spread evenly over 100 ms.  The
timer runs only while something waits.
"""

import asyncio
from collections.abc import Callable
from typing import Final

SLOT_S: Final = 0.01
SLOTS: Final = 10
PERIOD_S: Final = SLOT_S * SLOTS
_LATE_S: Final = 0.5  # after a pause of the process longer than this the beat starts anew instead of catching up


class PhaseRing:
    """Calls what was put into a slot when its turn comes, once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots: list[list[Callable[[], None]]] = [[] for _ in range(SLOTS)]
        self._turn = 0  # the slot that comes next
        self._next_s = 0.0
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def at(self, slot: int, call: Callable[[], None]) -> None:
        """Call in this slot's next turn."""
        self._slots[slot].append(call)
        self._waiting += 1
        if self._timer is None:
            # The slots are those of the loop's clock, so that a room keeps its phase over pauses.
            now = self._loop.time()
            turns = int(now / SLOT_S) + 1
            self._turn = turns % SLOTS
            self._next_s = turns * SLOT_S
            self._timer = self._loop.call_at(self._next_s, self._beat)

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call in the first slot after `delay_s`, which must be shorter than a round."""
        now = self._loop.time()
        self.at((int((now + delay_s) / SLOT_S) + 1) % SLOTS, call)

    def stop(self) -> None:
        """Drop everything that waits."""
        for slot in self._slots:
            slot.clear()
        self._waiting = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        due, self._slots[self._turn] = self._slots[self._turn], []
        self._waiting -= len(due)
        self._turn = (self._turn + 1) % SLOTS
        self._next_s += SLOT_S
        if self._loop.time() - self._next_s > _LATE_S:
            turns = int(self._loop.time() / SLOT_S) + 1
            self._turn = turns % SLOTS
            self._next_s = turns * SLOT_S
        # Armed before the calls: what they put into the ring finds it running.
        self._timer = self._loop.call_at(self._next_s, self._beat)
        for call in due:
            call()
        if not self._waiting and self._timer is not None:
            self._timer.cancel()
            self._timer = None
