"""Mails that wait in Postgres are handed to the mail server, each at least once, however often anything dies.

A mail is claimed for a while that doubles with every try and forgotten when it was taken.  Several workers may do the
same at once.  Addresses, texts and tokens are never logged.
"""

from typing import Final

import structlog

from chance_tap.settings import Settings
from persistence.accounts.mail_tokens import MailTokens
from persistence.mail import Mailer, MailRefused, MailServerAway, mailer
from persistence.postgres import outbox
from persistence.postgres.outbox import QueuedMail
from persistence.postgres.pool import Database
from workers import metrics
from workers.mail_texts import LINKS, write

log = structlog.get_logger(__name__)

PERIOD_S: Final = 1.0
PERIOD_WITHOUT_SERVER_S: Final = 60.0
MAILS_A_ROUND: Final = 20
FIRST_LEASE_S: Final = 30.0
"""Longer than a round takes with a slow server: nobody else may send the same mail meanwhile."""
OPERATOR_TRIES: Final = 5
"""After so many the trouble is worth an operator's look."""


class MailLoop:
    """One round each second."""

    def __init__(self, db: Database, settings: Settings, to: Mailer | None = None) -> None:
        self._db = db
        self._home_url = settings.home_url
        self._tokens = MailTokens(settings.jwt_secret.split(","))
        self._mailer = to or mailer(settings)

    async def round(self) -> float:
        """Send what is due."""
        if self._mailer is None:
            return PERIOD_WITHOUT_SERVER_S
        queued = await outbox.claim(self._db, limit=MAILS_A_ROUND, lease_s=FIRST_LEASE_S)
        if not queued:
            return PERIOD_S
        left = list(queued)
        try:
            async with self._mailer as server:
                while left:
                    await self._send(server, left[0])
                    left.pop(0)
        except MailServerAway as error:
            metrics.mails.labels("away").inc(len(left))
            level = "error" if max(mail.tries for mail in left) >= OPERATOR_TRIES else "warning"
            getattr(log, level)("mail server does not take mails", problem=str(error), waiting=len(left))
            return PERIOD_S
        return 0.0 if len(queued) == MAILS_A_ROUND else PERIOD_S

    async def _send(self, server: Mailer, mail: QueuedMail) -> None:
        token = None
        if mail.template in LINKS:
            token = self._tokens.reveal(mail.nonce, mail.token_hash) if mail.nonce and mail.token_hash else None
            if token is None:
                log.warning("mail dropped: its secret is gone", mail_id=mail.mail_id, template=mail.template)
                metrics.mails.labels("dropped").inc()
                await outbox.finish(self._db, [mail.mail_id])
                return
        try:
            await server.send(write(mail, self._home_url, token))
        except MailRefused as error:
            log.warning("mail refused for good", mail_id=mail.mail_id, template=mail.template, problem=str(error))
            metrics.mails.labels("refused").inc()
        else:
            metrics.mails.labels("sent").inc()
        await outbox.finish(self._db, [mail.mail_id])
