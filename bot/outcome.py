"""What may become of an update; apart from its handling, so that the webhook's route loads without aiogram."""

from enum import Enum
from typing import NamedTuple


class Outcome(Enum):
    """What became of an update."""

    HANDLED = "handled"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    """Of a kind that nobody here asked for, or one that cannot be read: redelivered it would be no better."""
    MALFORMED = "malformed"
    """No update at all; redelivered neither."""
    FAILED = "failed"
    """To be delivered again."""


class Dealt(NamedTuple):
    """What became of one, and how long Telegram itself wants to be left alone before it delivers it again."""

    outcome: Outcome
    again_s: float | None = None
