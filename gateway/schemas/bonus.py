"""A bonus run as players see it, from what the stores say."""

from gateway.schemas.messages import Bonus
from gateway.schemas.rest import BonusRun
from persistence.postgres.bonus import Run
from persistence.redis.bonus import LiveRun
from persistence.redis.user_events import BonusChanged


def bonus_view(run: Run) -> BonusRun:
    """The REST interface's run."""
    return BonusRun(
        taps=run.taps,
        goal=run.goal,
        started_ms=run.started_ms,
        ends_ms=run.ends_ms,
        state=run.state,
        seq=run.seq,
        reason=run.reason,
        reward=run.reward,
        held=run.held is not None,
    )


def bonus_frame(run: LiveRun | BonusChanged) -> Bonus:
    """The WebSocket's run."""
    return Bonus(
        taps=run.taps,
        goal=run.goal,
        started_ms=run.started_ms,
        ends_ms=run.ends_ms,
        state=run.state,
        seq=run.seq,
        reason=run.reason,
    )
