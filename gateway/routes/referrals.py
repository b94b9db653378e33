"""/referrals: the caller's code and link, and whom they brought."""

from functools import partial
from typing import Final

from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.notices import Invited, Referrals
from persistence.postgres import referrals

_PAGING: Final[paging.Paging[referrals.Invited, int]] = paging.numbered(lambda invited: invited.user_id)


async def my_referrals(call: Call) -> Referrals:
    db = call.services.db
    page = await _PAGING.read(call.query, partial(referrals.invited, db, call.user_id))
    code = await referrals.my_code(db, call.user_id)
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
            for each in page.rows
        ],
        next_cursor=page.next_cursor,
    )


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/referrals",
        handler=my_referrals,
        summary="The caller's referral code and link, and whom they brought",
        answer=Referrals,
        query=_PAGING.query,
    ),
]
