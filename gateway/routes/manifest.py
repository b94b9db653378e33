"""What TON wallets show of the game before they connect: the manifest, and the icon that it names.

Wallets and their bridges fetch both without a token and from any origin.  The icon is `webapp/public/icon.svg` as the
PNG that they insist on.  Must never name an address of this machine where the operator gave a public one.
"""

import json
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chance_tap.settings import TON_CONNECT_MANIFEST, Settings

ICON: Final = "/icon.png"
_ICON_FILE: Final = Path(__file__).resolve().parents[1] / "icon.png"
_NAME: Final = "Chance Tap"
_HEADERS: Final = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}


def routes(settings: Settings) -> list[Route]:
    home = settings.home_url
    document = json.dumps({"url": home, "name": _NAME, "iconUrl": home + ICON}).encode()
    picture = _ICON_FILE.read_bytes()

    async def manifest(_request: Request) -> Response:
        headers = _HEADERS | {"cache-control": "public, max-age=300"}
        return Response(document, media_type="application/json", headers=headers)

    async def icon(_request: Request) -> Response:
        return Response(picture, media_type="image/png", headers=_HEADERS | {"cache-control": "public, max-age=86400"})

    return [Route(TON_CONNECT_MANIFEST, manifest), Route(ICON, icon)]
