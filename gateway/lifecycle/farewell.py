"""What a gateway that leaves says with each answer: that this connection ends with it (RFC 9112, section 9.6).

Clients and balancers keep connections for their next requests.  Who was told dials anew, and comes to another gateway;
who was not would send the next request just as the connection is closed, and lose it.
"""

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSE: Final = (b"connection", b"close")


class Farewell:
    """The application inside answers; this adds to the heads of its answers while `is_leaving` says so."""

    def __init__(self, app: ASGIApp, is_leaving: Callable[[], bool]) -> None:
        self._app = app
        self._is_leaving = is_leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_farewell(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_leaving():
                message = {**message, "headers": [*message["headers"], CLOSE]}
            await send(message)

        await self._app(scope, receive, send_with_farewell)
