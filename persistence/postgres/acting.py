"""Who acts, where a function writes it down.

Postgres names the actor by the session's login (`auth.actor`); nothing here can give another one.  Must never be called
for a player's request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from persistence.postgres.pool import Database, Role, Row
from persistence.postgres.storable import storable


@dataclass(frozen=True, slots=True)
class Errand:
    """An admin asked for it in the chat: the account.  Only the worker's login may act so, and Postgres looks whether
    it is an admin's."""

    user_id: int


Actor = str | Errand
"""An operator's own name, which is noted behind the login; or the admin on whose errand the worker is."""


async def act(db: Database, by: Actor, query: LiteralString, params: Mapping[str, Any] | None = None) -> Row | None:
    """Run one statement as whom it is done by; its first row.  Raises as `Database.call` does.

    Texts are kept as far as they can be: what a person types at a terminal need not be text.
    """
    params = {name: storable(value) if isinstance(value, str) else value for name, value in (params or {}).items()}
    if isinstance(by, Errand):
        return await db.call(Role.ERRAND, by.user_id, query, params)
    return await db.call(Role.OPERATOR, None, query, params, note=by)
