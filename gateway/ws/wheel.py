"""One timer for every connection.

Owns when a connection is looked at again.  A connection has at most one appointment, whose meaning follows from its
state (say hello, prove that you live, finish closing), so a thousand sockets cost one timer and a set entry each.
"""

import asyncio
from typing import Protocol


class Appointment(Protocol):
    """What a wheel keeps: `slot` belongs to the wheel, -1 while there is no appointment."""

    slot: int

    def on_time(self) -> None: ...


class Wheel:
    """Calls `on_time` once, `tick_s` late at most.  It runs only while it holds appointments."""

    def __init__(self, tick_s: float = 0.25, slots: int = 256) -> None:
        self._tick_s = tick_s
        self._slots: list[set[Appointment]] = [set() for _ in range(slots)]
        self._now = 0
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self, item: Appointment, delay_s: float) -> None:
        """Replace the item's appointment.  Delays beyond the wheel's round are cut to it."""
        self.cancel(item)
        ticks = min(int(delay_s / self._tick_s) + 1, len(self._slots) - 1)
        item.slot = (self._now + ticks) % len(self._slots)
        self._slots[item.slot].add(item)
        self._held += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._turn)

    def cancel(self, item: Appointment) -> None:
        if item.slot >= 0:
            self._slots[item.slot].discard(item)
            item.slot = -1
            self._held -= 1

    def _turn(self) -> None:
        self._now = (self._now + 1) % len(self._slots)
        due, self._slots[self._now] = self._slots[self._now], set()
        self._held -= len(due)
        for item in due:
            item.slot = -1
        for item in due:
            # One of them may have given another a new appointment, or ended it, in the meantime.
            if item.slot < 0:
                item.on_time()
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._turn) if self._held else None
