"""How the page is delivered: nothing is asked of anybody else, and page and API may lie on two hosts."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from playwright.async_api import expect

from gateway.web_app import WebApp
from tests.browser.conftest import OpenPage
from tests.browser.telegram import TelegramClient
from tests.fixtures.stack import Stack

ROOT = Path(__file__).parents[2]
PHOTO = "https://t.me/i/userpic/320/anna.svg"
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><circle r="8"/></svg>'
NEVER_IDLE = "window.idleWork = []; window.requestIdleCallback = (work) => window.idleWork.push(work);"


@asynccontextmanager
async def served(build: Path, listener: socket.socket) -> AsyncIterator[None]:
    """The build as a host of files alone, with the headers that Pages would send."""
    config = uvicorn.Config(WebApp(build), lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield
    server.should_exit = True
    await serving


async def build_for(api: str, folder: Path) -> Path:
    """The web app built for an API on another origin.

    Only there, where nothing has a certificate, the policy must let that origin in by name.
    """
    process = await asyncio.create_subprocess_exec(
        str(ROOT / ".ci" / "npm"),
        *("exec", "--", "vite", "build", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "error"),
        env={"PATH": "/usr/bin:/bin", "VITE_API_ORIGIN": api},
    )
    assert await process.wait() == 0
    rules = folder / "_headers"
    rules.write_text(rules.read_text().replace("wss:;", f"wss: {api} {api.replace('http', 'ws')};"))
    return folder


async def test_nothing_is_asked_of_anybody_else(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    """But for the player's own photo, and for that once the page stands and has nothing else to do."""
    stack = make_stack()
    player = await open_page(stack.url, telegram=TelegramClient(photo_url=PHOTO))
    asked: list[str] = []
    player.page.on("request", lambda request: asked.append(request.url))
    await player.page.route(PHOTO, lambda route: route.fulfill(body=DOT, content_type="image/svg+xml"))
    await player.page.add_init_script(NEVER_IDLE)
    await player.launch()
    await player.expect_balance(1000)
    await player.page.wait_for_load_state("networkidle")
    assert asked

    def elsewhere() -> list[str]:
        return [url for url in asked if not url.startswith((stack.url, "data:"))]

    assert elsewhere() == []
    await player.page.evaluate("window.idleWork.splice(0).forEach((work) => work())")
    await expect(player.page.locator(f"img[src='{PHOTO}']")).to_be_visible()
    assert elsewhere() == [PHOTO]


async def test_the_page_and_the_api_on_two_hosts(
    make_stack: Callable[..., Stack], open_page: OpenPage, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        page = f"http://127.0.0.1:{listener.getsockname()[1]}"
        stack = make_stack(WEB_APP_ORIGIN=page)
        build = await build_for(stack.url, tmp_path / "dist")
        async with served(build, listener):
            player = await open_page(page)
            await player.log_in("Anna")
            await player.expect_balance(1000)
            # The seat comes by REST with a preflight, the room by the socket.
            await player.join(50)
            await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()
            await player.page.reload()
            await expect(player.page.get_by_role("timer")).to_be_visible()
            await player.page.close()
    shutil.rmtree(build)
