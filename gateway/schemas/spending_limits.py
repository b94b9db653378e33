"""What players forbid themselves: body and answer."""

from typing import Annotated

import msgspec

from gateway.schemas.fields import Claimed, Moment, Stars
from persistence.postgres import spending_limits


class PutLimits(Claimed, kw_only=True):
    """PUT /limits: either or both; what is not named stays as it is, whatever another device has set meanwhile.  Null
    is no limit.  An end of the exclusion that is past is none."""

    daily_stars: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] | msgspec.UnsetType | None = msgspec.UNSET
    excluded_until_ms: Moment | msgspec.UnsetType | None = msgspec.UNSET


class NextDaily(msgspec.Struct):
    """The looser daily limit that waits."""

    daily_stars: Stars | None
    from_ms: Moment


class NextExclusion(msgspec.Struct):
    """The shorter exclusion that waits."""

    excluded_until_ms: Moment | None
    from_ms: Moment


class Limits(msgspec.Struct):
    """What holds now, what waits to hold, and what of today (UTC) is spent: stakes, less those that came back."""

    daily_stars: Stars | None
    excluded_until_ms: Moment | None
    pending_daily: NextDaily | None
    pending_exclusion: NextExclusion | None
    spent_stars: Stars
    day_ends_ms: Moment


class LimitsAnswer(msgspec.Struct):
    """Answer of GET and PUT /limits."""

    limits: Limits


def limits_view(found: spending_limits.Limits) -> Limits:
    """The limits as their owner sees them."""
    return Limits(
        daily_stars=found.daily_stars,
        excluded_until_ms=found.excluded_until_ms,
        pending_daily=(
            None if found.next_daily_from_ms is None else NextDaily(found.next_daily_stars, found.next_daily_from_ms)
        ),
        pending_exclusion=(
            None
            if found.next_excluded_from_ms is None
            else NextExclusion(found.next_excluded_until_ms, found.next_excluded_from_ms)
        ),
        spent_stars=found.spent_stars,
        day_ends_ms=found.day_ends_ms,
    )
