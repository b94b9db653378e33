"""Stores that answer otherwise than they should, or whose answers get lost."""

from typing import Any

from persistence.postgres.pool import CommitUnknown, Database


class Instead:
    """A store or a part of one with some methods replaced."""

    def __init__(self, target: Any, **instead: Any) -> None:
        self._target = target
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


class LostAnswers:
    """Postgres whose answers to stakes are lost on the way; `committed`: they took effect."""

    def __init__(self, db: Database, losses: int, *, committed: bool, function: str = "game.stake(") -> None:
        self._db = db
        self._function = function
        self._losses = losses
        self._committed = committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    async def one(self, role: Any, user_id: Any, query: Any, params: Any = None) -> Any:
        if self._function in query and self._losses:
            self._losses -= 1
            if self._committed:
                await self._db.one(role, user_id, query, params)
            raise CommitUnknown("postgres")
        return await self._db.one(role, user_id, query, params)
