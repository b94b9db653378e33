"""/dev: demo players for a machine without Telegram.

Mounted only in development with the development token, so what is signed here is worthless anywhere else; a demo
player then goes through `/auth/telegram` like everyone.
"""

import json
import secrets
import time
from typing import Final

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN, Settings
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.rest import DemoInitData, DemoLogin, DemoPlayer, DemoPlayers

FIRST_DEMO_ID: Final = 2**51
"""Telegram promises ids below 2**52 and is far from the upper half."""

_NAMES: Final = (
    ("Anna", "Orlova", "anna_o", "ru"),
    ("Boris", "Petrov", None, "ru"),
    ("Chloe", "Martin", "chloe", "en"),
    ("Dmitri", None, "dima_taps", "ru"),
    ("Ella", "Stone", None, "en"),
    ("Felix", "Weber", "felix_w", "en"),
)
PLAYERS: Final = DemoPlayers(
    [DemoPlayer(FIRST_DEMO_ID + number, *player) for number, player in enumerate(_NAMES, start=1)]
)


def is_offered(settings: Settings) -> bool:
    """Whether demo players exist here at all."""
    return not settings.is_production and settings.bot_token == DEVELOPMENT_BOT_TOKEN


async def demo_players(_call: Call) -> DemoPlayers:
    return PLAYERS


async def demo_init_data(call: Call) -> DemoInitData:
    body: DemoLogin = call.body
    user = {
        "id": body.telegram_id or FIRST_DEMO_ID + 1_000 + secrets.randbelow(2**50),
        "first_name": body.first_name,
        "last_name": body.last_name,
        "username": body.username,
        "language_code": body.language_code,
    }
    fields = {
        "user": json.dumps({name: value for name, value in user.items() if value is not None}, ensure_ascii=False),
        "auth_date": str(int(time.time())),
        "query_id": secrets.token_urlsafe(16),
    }
    return DemoInitData(call.services.init_data.sign(fields))


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/dev/players",
        handler=demo_players,
        summary="Ready-made demo players",
        answer=DemoPlayers,
        with_token=False,
    ),
    Endpoint(
        method="POST",
        path="/dev/init-data",
        handler=demo_init_data,
        summary="Init data for a demo player",
        body=DemoLogin,
        answer=DemoInitData,
        with_token=False,
    ),
]
