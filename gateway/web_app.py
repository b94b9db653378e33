"""The built web app, served for a one-machine start; on a CDN the same files need nothing from here.

Which headers go with a file stands in the build's own `_headers`, which Cloudflare Pages reads too: this owns only what
its lines mean.  Pages compresses by itself; here each asset is compressed once.  Whatever is not a file of the build is
a 404 in the API's own shape.
"""

import asyncio
import gzip
from pathlib import Path
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from chance_tap.resources import WEB_APP
from gateway.errors import error_response
from gateway.texts import from_accept_language
from persistence.errors import ErrorCode, GameError

log = structlog.get_logger(__name__)

_PAGE: Final = "index.html"
_RULES: Final = "_headers"
_COMPRESSED: Final = "assets/"
"""Names in here change with what is in them, so a compressed one is never out of date."""
_COMPRESSIBLE: Final = (".js", ".css", ".svg", ".json")
_NOT_BUILT: Final = (
    "<!doctype html><meta charset=utf-8><title>Chance Tap</title>"
    "<p>The web app has not been built. <code>make play</code> builds and serves it; the API works without it."
)


class WebApp:
    """The ASGI application for every path that no route claims."""

    def __init__(self, build: Path = WEB_APP) -> None:
        self._files: StaticFiles | None = None
        self._rules: dict[str, dict[str, str]] = {}
        self._compressed: dict[str, bytes] = {}
        if (build / _PAGE).is_file() and (build / _RULES).is_file():
            self._files = StaticFiles(directory=build)
            self._rules = _rules((build / _RULES).read_text(encoding="utf-8"))
        else:
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
            if self._files is not None and path != _RULES:
                try:
                    response = await self._files.get_response(path, scope)
                    if path.startswith(_COMPRESSED) and path.endswith(_COMPRESSIBLE):
                        response = await self._compress(path, scope, response)
                    response.headers.update(self._headers_of("" if path == _PAGE else path))
                    return response
                except (HTTPException, ValueError, OSError):
                    pass
        return not_found(scope)

    async def _compress(self, path: str, scope: Scope, response: Response) -> Response:
        """The same answer compressed, where it is a whole file and the client takes it so."""
        response.headers["vary"] = "accept-encoding"
        asked = {name: value for name, value in scope["headers"] if name in (b"accept-encoding", b"range")}
        takes = b"gzip" in asked.get(b"accept-encoding", b"") and b"range" not in asked
        if not takes or not isinstance(response, FileResponse):
            return response
        if path not in self._compressed:
            content = await asyncio.to_thread(Path(response.path).read_bytes)
            self._compressed[path] = await asyncio.to_thread(gzip.compress, content, mtime=0)
        headers = dict(response.headers) | {"content-encoding": "gzip", "etag": f"W/{response.headers['etag']}"}
        del headers["content-length"]
        return Response(self._compressed[path], headers=headers)

    def _headers_of(self, path: str) -> dict[str, str]:
        headers: dict[str, str] = {}
        for pattern, named in self._rules.items():
            if f"/{path}" == pattern or (pattern.endswith("*") and f"/{path}".startswith(pattern[:-1])):
                headers |= named
        return headers


def not_found(scope: Scope) -> Response:
    """The answer for a path that does not exist."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return error_response(GameError(ErrorCode.NOT_FOUND), from_accept_language(accepted.decode("latin-1")))


def _rules(text: str) -> dict[str, dict[str, str]]:
    """Each path, or beginning of paths with a star, with the headers below it.

    Raises:
        ValueError: a line is neither.
    """
    rules: dict[str, dict[str, str]] = {}
    headers: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip()
        name, separator, value = line.partition(": ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("/"):
            headers = rules[line] = {}
        elif separator:
            headers[name.lower()] = value
        else:
            raise ValueError(f"{_RULES} has a line that is neither a path nor a header: {line}")
    return rules
