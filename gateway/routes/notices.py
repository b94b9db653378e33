"""/notices: what happened to the caller's Stars and account, and a word against a block.

A banned account is refused here as everywhere: its player hears why, and appeals, in the bot (`/appeal`).
"""

import re
from datetime import datetime
from functools import partial
from typing import Final

from gateway.errors import invalid
from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.notices import AppealAnswer, Appealed, AppealText, Notice, Notices
from persistence.errors import ErrorCode, GameError
from persistence.postgres import notices

PATH: Final = "/api/v1/notices"
_PAGING: Final[paging.Paging[notices.Notice, int]] = paging.numbered(lambda notice: notice.notice_id)
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")  # what Postgres cannot keep


async def list_notices(call: Call) -> Notices:
    page = await _PAGING.read(call.query, partial(notices.mine, call.services.db, call.user_id))
    return Notices(notices=[_view(notice) for notice in page.rows], next_cursor=page.next_cursor)


async def appeal(call: Call) -> AppealAnswer:
    """Once a block; the same words again get the same answer."""
    body: AppealText = call.body
    call.services.rates.appeal.take(call.claims.user_id)
    words = _UNFIT.sub("", body.text).strip()
    if not words:
        raise invalid("text", "must say something")
    status = await notices.appeal(call.services.db, call.user_id, int(call.path("notice_id")), words)
    if status != "ok":
        raise GameError(ErrorCode(status))
    return AppealAnswer(ok=True)


def _view(notice: notices.Notice) -> Notice:
    appealed = None
    if notice.appeal is not None and notice.appealed_at is not None:
        answered = None if notice.answered_at is None else _ms(notice.answered_at)
        appealed = Appealed(notice.appeal, _ms(notice.appealed_at), notice.answer, answered)
    return Notice(
        notice_id=str(notice.notice_id),
        kind=notice.kind,  # type: ignore[arg-type]  # the column's check holds the same words
        room_id=notice.room_id,
        amount=notice.amount,
        reason=notice.reason,
        created_ms=_ms(notice.created_at),
        can_appeal=notice.can_appeal,
        appeal=appealed,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


ENDPOINTS = [
    Endpoint(
        method="GET",
        path=PATH,
        handler=list_notices,
        summary="Prizes, refunds, cancellations and blocks, newest first",
        answer=Notices,
        query=_PAGING.query,
    ),
    Endpoint(
        method="POST",
        path=f"{PATH}/{{notice_id}}/appeal",
        handler=appeal,
        summary="Appeal against a block, once",
        body=AppealText,
        answer=AppealAnswer,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
]
