"""Accounts by e-mail: what their owners send, and the mails that they get, by running the worker's rounds."""

import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import argon2
import httpx
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.mail import Mail
from persistence.postgres.pool import Database
from tests.rest.conftest import API, Player, init_data
from workers.loops.mail import MailLoop

ANNA = "anna@example.com"
PASSWORD = "correct horse battery"
OTHER = "another long password"
Linked = Callable[[], Awaitable[dict[str, Any]]]


class Mailbox:
    """Every mail that was sent so far; also the mailer that takes them."""

    def __init__(self, app: Starlette, db: Database) -> None:
        self.mails: list[Mail] = []
        self._loop = MailLoop(db, app.state.services.settings, to=self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    async def fetch(self, address: str) -> list[Mail]:
        """All mails to that address, the newest last."""
        await self._loop.round()
        return [mail for mail in self.mails if mail.address == address.lower()]

    async def token(self, address: str) -> str:
        """The token in the newest mail to that address."""
        found = re.search(
            r"https://play\.example/#(?:verify|reset|object)=([0-9a-f]{64})\n", (await self.fetch(address))[-1].text
        )
        assert found is not None
        return found[1]


def use(app: Starlette, hasher: argon2.PasswordHasher) -> None:
    app.state.services.passwords._hasher = hasher
    app.state.services.passwords._dummy = hasher.hash("nobody's")


async def post(client: httpx.AsyncClient, path: str, session: str | None = None, **body: Any) -> httpx.Response:
    headers = {} if session is None else {"authorization": f"Bearer {session}"}
    return await client.post(f"{API}/auth/{path}", json=body, headers=headers)


async def sign_up(client: httpx.AsyncClient, mailbox: Mailbox, email: str = ANNA, **more: Any) -> dict[str, Any]:
    answer = await post(client, "register", email=email, password=PASSWORD, **more)
    assert answer.json() == {"status": "accepted"}
    verified = await post(client, "verify", token=await mailbox.token(email), password=PASSWORD)
    assert verified.status_code == 200, verified.text
    session: dict[str, Any] = verified.json()
    return session


async def me(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get(f"{API}/me", headers={"authorization": f"Bearer {token}"})


async def link_telegram(
    client: httpx.AsyncClient, settings: Settings, session: str, telegram_id: int = 7, **more: Any
) -> httpx.Response:
    """As the owner of the address: with the account's password."""
    body = {"init_data": init_data(settings, telegram_id, **more), "own_password": PASSWORD}
    return await post(client, "link", session, **body)


async def link_email(
    client: httpx.AsyncClient, settings: Settings, player: Player, email: str = ANNA, password: str = PASSWORD
) -> httpx.Response:
    """As the owner of the Telegram account: with its fresh init data."""
    own = init_data(settings, int(player.telegram_id))
    return await post(client, "link", player.token, email=email, password=password, own_init_data=own)
