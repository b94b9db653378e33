"""The words that the stores, the records and the protocol share, each once.

Scripts and SQL functions answer with these words as they stand; a change here is a change of all of them.
"""

from typing import Literal

RoomKind = Literal["standard", "hero"]
RoomPhase = Literal["waiting", "countdown", "playing", "finished", "cancelled", "settled"]
RoomOutcome = Literal["settled", "refunded"]
CancelReason = Literal["not_enough_players", "outage", "empty", "operator", "not_started", "organizer_left"]
BonusState = Literal["running", "done", "rewarded", "cancelled", "expired"]
PaymentState = Literal["pending", "paid", "cancelled", "expired", "refunded", "review"]
