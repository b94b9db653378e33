"""/referrals: the caller's code and link, and whom they brought."""

from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.rest.paging import numbered_cursor, page_limit
from gateway.schemas.notices import Invited, Referrals
from persistence.postgres import referrals


async def my_referrals(call: Call) -> Referrals:
    query = call.query
    limit, before = page_limit(query), numbered_cursor(query)
    db = call.services.db
    code = await referrals.my_code(db, call.user_id)
    found = await referrals.invited(db, call.user_id, before, limit + 1)
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
        query=paging.QUERY,
    ),
]
