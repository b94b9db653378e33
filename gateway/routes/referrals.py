"""/referrals: the caller's code and link, and whom they brought."""

import re
from typing import Final

from gateway.body import page_limit
from gateway.endpoint import Call, Endpoint
from gateway.errors import invalid
from gateway.schemas.notices import Invited, Referrals
from persistence.postgres import referrals

_CURSOR: Final = re.compile(r"[0-9]{1,18}")
_PAGE: Final = 50
_LONGEST_PAGE: Final = 200


async def my_referrals(call: Call) -> Referrals:
    query = call.query
    limit = page_limit(query, _PAGE, _LONGEST_PAGE)
    cursor = query.get("cursor")
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise invalid("cursor", "must be a next_cursor of an earlier answer")
    db = call.services.db
    code = await referrals.my_code(db, call.user_id)
    found = await referrals.invited(db, call.user_id, None if cursor is None else int(cursor), limit + 1)
    page = found[:limit]
    name = call.services.settings.bot_username
    return Referrals(
        code=code,
        link=f"https://t.me/{name}?start={code}" if name else None,
        invited=[
            Invited(
                user_id=str(each.user_id),
                name=each.name,
                photo_url=each.photo_url,
                finished=each.finished,
                joined_ms=int(each.created_at.timestamp() * 1000),
            )
            for each in page
        ],
        next_cursor=str(page[-1].user_id) if len(found) > limit else None,
    )


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/referrals",
        handler=my_referrals,
        summary="The caller's referral code and link, and whom they brought",
        answer=Referrals,
        query={"cursor": "next_cursor of the page before", "limit": f"1 to {_LONGEST_PAGE}, {_PAGE} by default"},
    ),
]
