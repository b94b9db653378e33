"""The words that Lua's scripts, Postgres's tables and the protocol share about a room.

Each is defined here alone; what sees a word that is not among them has met a version newer than itself.
"""

from typing import Literal

RoomKind = Literal["standard", "hero"]
RoomPhase = Literal["waiting", "countdown", "playing", "finished", "cancelled", "settled"]
CancelReason = Literal["not_enough_players", "outage", "empty", "operator", "not_started", "organizer_left"]
