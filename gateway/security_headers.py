"""Headers that every answer carries, whatever made it: the types of files are not guessed, and https stays https.

`Strict-Transport-Security` goes out where the game is reached by https: the operator's public address says so, or the
balancer in front of us does, one that the settings trust; a browser that came by http ignores it.  A header that the
answer has already is left as it is.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.proxies import TrustedProxies

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_FORWARDED_PROTO: Final = b"x-forwarded-proto"


class SecurityHeaders:
    """The application inside answers; this adds to its answers' heads."""

    def __init__(self, app: ASGIApp, home_url: str, proxies: TrustedProxies) -> None:
        self._app = app
        self._always_https = home_url.startswith("https://")
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = [NOSNIFF, HSTS] if self._always_https or self._came_by_https(scope) else [NOSNIFF]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                message = {**message, "headers": headers + [header for header in added if header[0] not in present]}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _came_by_https(self, scope: Scope) -> bool:
        if scope["scheme"] == "https":
            return True
        said = [value for name, value in scope["headers"] if name == _FORWARDED_PROTO]
        return said == [b"https"] and self._proxies.trusts_peer_of(scope)
