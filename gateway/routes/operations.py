"""Health and the interface's description: what machines ask, without a token.  Metrics have a port of their own."""

import asyncio
import json
from collections.abc import Sequence
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.errors import error_response, json_response
from gateway.rest.endpoint import Endpoint
from gateway.rest.openapi import document
from gateway.services import Services
from gateway.texts import DEFAULT_LANGUAGE
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import users
from persistence.postgres.pool import Role

READY_WITHIN_S: Final = 2.0
_OK: Final = b'{"status":"ok"}'


async def healthz(_request: Request) -> Response:
    """This process answers; says nothing about the stores, so that their outage restarts no gateway."""
    return json_response(_OK)


async def readyz(request: Request) -> Response:
    """Both stores answer in time and take writes, and this gateway is not leaving, so it may get players."""
    services: Services = request.app.state.services
    if not services.drain.ready:
        return error_response(GameError(ErrorCode.TEMPORARILY_UNAVAILABLE), DEFAULT_LANGUAGE)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await users.hello(services.db, [])
            await services.db.check_writes(Role.SEATS)
            await services.live.check_writes()
    except TimeoutError:
        return error_response(StoreUnavailable("either"), DEFAULT_LANGUAGE)
    except GameError as error:
        return error_response(error, DEFAULT_LANGUAGE)
    return json_response(_OK)


@cache
def _described(endpoints: tuple[Endpoint, ...]) -> bytes:
    return json.dumps(document(endpoints)).encode()


def routes(endpoints: Sequence[Endpoint]) -> list[Route]:
    """The routes of this module; `endpoints` is what the OpenAPI document describes."""
    described = _described(tuple(endpoints))

    async def openapi(_request: Request) -> Response:
        return Response(described, media_type="application/json", headers={"cache-control": "public, max-age=300"})

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/openapi.json", openapi),
        Route("/api/v1/openapi.json", openapi),
    ]
