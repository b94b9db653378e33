"""/me and /statement: the caller's own profile and money."""

from gateway.auth.login import read_profile
from gateway.body import page_limit
from gateway.endpoint import Call, Endpoint
from gateway.errors import invalid
from gateway.schemas.rest import ProfileChange, Statement, StatementEntry, User
from persistence.postgres import ledger, users

_PAGE = 50
_LONGEST_PAGE = 200


async def me(call: Call) -> User:
    return await read_profile(call.services.db, call.user_id)


async def change_me(call: Call) -> User:
    body: ProfileChange = call.body
    await users.set_language(call.services.db, call.user_id, body.language)
    call.services.accounts.forget(call.claims.user_id)
    return await read_profile(call.services.db, call.user_id)


async def statement(call: Call) -> Statement:
    query = call.query
    limit = page_limit(query, _PAGE, _LONGEST_PAGE)
    cursor = query.get("cursor")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and 0 < int(cursor[:20]) < 2**63):
        raise invalid("cursor", "must be a next_cursor of an earlier answer")
    page = await ledger.statement(call.services.db, call.user_id, cursor, limit)
    return Statement(entries=[StatementEntry(**entry) for entry in page.entries], next_cursor=page.next_cursor)


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
        query={"cursor": "next_cursor of the page before", "limit": f"1 to {_LONGEST_PAGE}, {_PAGE} by default"},
    ),
]
