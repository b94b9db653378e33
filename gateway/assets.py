"""The built web app, served for a one-machine start; on a CDN the same files need nothing from here.

Hashed files are kept by browsers for good, other static files for a day, and the page itself is asked for each time,
so that a deploy is seen at once.  Whatever is not a file of the build is a 404 in the API's own shape.
"""

from pathlib import Path
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from gateway.errors import error_response
from gateway.texts import from_accept_language
from persistence.errors import ErrorCode, GameError

log = structlog.get_logger(__name__)

BUILD: Final = Path(__file__).resolve().parents[1] / "webapp" / "dist"
_PAGE: Final = "index.html"
_HASHED: Final = "assets/"
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        # The page sets theme colours and bar widths as inline styles.
        "style-src 'self' 'unsafe-inline'",
        # Players' photos come from Telegram's changing hosts.
        "img-src 'self' data: https:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        # Telegram Web shows Mini Apps in a frame.
        "frame-ancestors 'self' https://web.telegram.org https://*.telegram.org",
    )
)
_SECURITY: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_NOT_BUILT: Final = (
    "<!doctype html><meta charset=utf-8><title>Chance Tap</title>"
    "<p>The web app has not been built. <code>make play</code> builds and serves it; the API works without it."
)


class WebApp:
    """The ASGI application for every path that no route claims."""

    def __init__(self, build: Path = BUILD) -> None:
        self._files = StaticFiles(directory=build) if (build / _PAGE).is_file() else None
        if self._files is None:
            log.warning("the web app has not been built; only the API is served", expected=str(build))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Before the handshake this is an answer of 403.
            await send({"type": "websocket.close", "code": 1000})
            return
        response = await self._respond(scope)
        await response(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response:
        path = scope["path"].lstrip("/") or _PAGE
        if scope["method"] in ("GET", "HEAD"):
            if self._files is None and path == _PAGE:
                return HTMLResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
            if self._files is not None:
                try:
                    return _with_headers(await self._files.get_response(path, scope), path)
                except (HTTPException, ValueError, OSError):
                    pass
        return not_found(scope)


def not_found(scope: Scope) -> Response:
    """The answer for a path that does not exist."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return error_response(GameError(ErrorCode.NOT_FOUND), from_accept_language(accepted.decode("latin-1")))


def _with_headers(response: Response, path: str) -> Response:
    response.headers.update(_SECURITY)
    if path == _PAGE:
        response.headers["cache-control"] = "no-cache"
        response.headers["content-security-policy"] = _POLICY
    elif path.startswith(_HASHED):
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["cache-control"] = "public, max-age=86400"
    return response
