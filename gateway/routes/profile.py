"""/me and /statement: the caller's own profile and money."""

from functools import partial
from typing import Final

from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.routes.session import read_profile
from gateway.schemas.rest import ProfileChange, Statement, StatementEntry, User
from persistence.postgres import ledger, users

_PAGING: Final[paging.Paging[ledger.StatementLine, int]] = paging.numbered(lambda line: line.entry_id)


async def me(call: Call) -> User:
    return await read_profile(call)


async def change_me(call: Call) -> User:
    body: ProfileChange = call.body
    await users.set_language(call.services.db, call.user_id, body.language)
    call.services.accounts.forget(call.claims.user_id)
    return await read_profile(call)


def _players_reason(line: ledger.StatementLine) -> str | None:
    """Why, in a word for the player: what Telegram or the chain said about a withdrawal is the operator's to read."""
    if line.kind == "withdrawal_return" and line.reason != "refused":
        return "failed"
    return line.reason


async def statement(call: Call) -> Statement:
    page = await _PAGING.read(call.query, partial(ledger.statement, call.services.db, call.user_id))
    return Statement(
        entries=[
            StatementEntry(
                entry_id=str(line.entry_id),
                kind=line.kind,
                amount=line.amount,
                balance_after=line.balance_after,
                room_id=line.room_id,
                reason=_players_reason(line),
                created_ms=int(line.created_at.timestamp() * 1000),
                role=None if line.organizes is None else "organizer" if line.organizes else "player",
            )
            for line in page.rows
        ],
        next_cursor=page.next_cursor,
    )


ENDPOINTS = [
    Endpoint(method="GET", path="/api/v1/me", handler=me, summary="The caller's profile", answer=User),
    Endpoint(
        method="PATCH",
        path="/api/v1/me",
        handler=change_me,
        summary="Choose the language",
        body=ProfileChange,
        answer=User,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/statement",
        handler=statement,
        summary="Every change of the caller's balance, newest first",
        answer=Statement,
        query=_PAGING.query,
    ),
]
