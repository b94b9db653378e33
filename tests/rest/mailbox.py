"""Reads the mails that the product sends, by running the worker's rounds."""

import re
from types import TracebackType
from typing import Self

from starlette.applications import Starlette

from persistence.mail import Mail
from persistence.postgres.pool import Database
from workers.loops.mail import MailLoop


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
