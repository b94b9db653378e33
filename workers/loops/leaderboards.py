"""Leaderboards: writes to Redis what was won since the last look, and builds those that are not there."""

import structlog

from persistence.leaderboards import LeaderboardSync
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S = 0.97


class LeaderboardLoop:
    """One round about each second.  Several workers do the same work, which costs little and harms nothing."""

    def __init__(self, live: RedisStore, db: Database) -> None:
        self._live = live
        self._sync = LeaderboardSync(live, db)

    async def round(self) -> float:
        for name, players in (await self._sync.keep(self._live.now_ms())).items():
            if players is not None:
                metrics.leaderboards_built.inc()
                log.info("leaderboard built", leaderboard=name, players=players)
        return PERIOD_S
