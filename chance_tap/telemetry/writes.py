"""Whether a store that answers takes writes too: out of memory, a full disk, too few replicas, made read-only.

Owns what this process tells of it: one warning when it begins, one line when it is over, a metric between the two.
Must never decide what is asked of a store: each request finds out by itself, for only the store knows when it is over.
"""

from typing import Final

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

_LONGEST_REASON: Final = 200
_refuses = Gauge("chance_tap_store_refuses_writes", "1: this store answers and refuses to write.", ("store",))


class Writes:
    """One store's, as far as this process knows."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.are_refused = False
        self._gauge = _refuses.labels(store)
        self._gauge.set(0)

    def refused(self, reason: str) -> None:
        """A write was refused."""
        if not self.are_refused:
            self.are_refused = True
            self._gauge.set(1)
            log.warning("store refuses to write", store=self.store, reason=reason[:_LONGEST_REASON])

    def taken(self) -> None:
        """A write was taken."""
        if self.are_refused:
            self.are_refused = False
            self._gauge.set(0)
            log.info("store takes writes again", store=self.store)
