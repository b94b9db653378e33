"""Answers about who has won how much: the leaderboard."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Stars, UserId

Place = Annotated[int, msgspec.Meta(ge=1, description="one more than there are players who won more")]


class LeaderboardEntry(msgspec.Struct):
    """One of the first players; those who won the same share a place."""

    place: Place
    user_id: UserId
    name: str
    photo_url: str | None
    won: Stars


class OwnPlace(msgspec.Struct):
    """The caller's own place, null without a prize in that time."""

    place: Place | None
    won: Stars


class Leaderboard(msgspec.Struct):
    """GET /leaderboard: prizes of the games that ended in this day or week (UTC, from Monday), or of all time."""

    period: Literal["today", "week", "all"]
    entries: list[LeaderboardEntry]
    me: OwnPlace
