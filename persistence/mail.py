"""The door to the mail server: SMTP, or in development a folder of .eml files.

Must never log a mail, an address or the server's password.  A mail that was handed over may still arrive twice, since
a connection can die between the server's taking it and its saying so; the Message-ID is the same then.
"""

import asyncio
import os
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import aiosmtplib

from chance_tap.settings import Settings

TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it is sent; `mail_id` makes its Message-ID."""

    mail_id: int
    address: str
    language: str
    subject: str
    text: str
    html: str


class MailServerAway(Exception):
    """It does not answer, or cannot take mails now; whether it took this one is unknown.  Says nothing secret."""


class MailRefused(Exception):
    """It will never take this mail.  Says nothing secret."""


class Mailer(Protocol):
    """Open it for some mails and close it again: a server ends connections that are idle."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def send(self, mail: Mail) -> None:
        """Hand it over.

        Raises:
            MailServerAway, MailRefused.
        """


def mailer(settings: Settings, *, tls: ssl.SSLContext | None = None) -> Mailer | None:
    """As the settings say; None: nothing can be sent."""
    if not settings.smtp_url:
        return None
    if settings.smtp_url.startswith("folder:"):
        return FolderMailer(_folder(settings.smtp_url), settings.mail_from)
    return SmtpMailer(settings.smtp_url, settings.mail_from, tls=tls)


def _folder(url: str) -> Path:
    """By its bytes: a folder's name is text in some encoding, or in none."""
    return Path(os.fsdecode(unquote_to_bytes(url.removeprefix("folder:"))))


class SmtpMailer:
    """`smtp://` insists on STARTTLS, `smtps://` is TLS from the start, `smtp+plain://` is neither: for a relay on the
    same machine."""

    def __init__(self, url: str, sender: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "smtps"
        self._options: dict[str, Any] = {
            "hostname": parts.hostname,
            "port": parts.port or {"smtps": 465, "smtp": 587}.get(parts.scheme, 25),
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": secure,
            "start_tls": not secure and parts.scheme == "smtp",
            "tls_context": tls,
            "timeout": TIMEOUT_S,
        }
        self._sender = sender
        self._client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Self:
        client = aiosmtplib.SMTP(**self._options)
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            client.close()
            raise MailServerAway(type(error).__name__) from None  # its text may hold what was sent
        self._client = client
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await self._client.quit()
            self._client.close()
            self._client = None

    async def send(self, mail: Mail) -> None:
        assert self._client is not None
        try:
            await self._client.send_message(compose(mail, self._sender))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            if all(500 <= code < 600 for code in codes):
                raise MailRefused(f"{sorted(codes)}") from None
            raise MailServerAway(f"{sorted(codes)}") from None
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPAuthenticationError) as error:
            raise MailServerAway(f"it refuses us: {error.code}") from None  # for the operator to put right
        except aiosmtplib.SMTPResponseException as error:
            if 500 <= error.code < 600:
                raise MailRefused(str(error.code)) from None
            raise MailServerAway(str(error.code)) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailServerAway(type(error).__name__) from None


class FolderMailer:
    """Development: each mail is a file, which mail programs and browsers open."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def send(self, mail: Mail) -> None:
        file = self._folder / f"{mail.mail_id:06}-{mail.address.replace('/', '_')}.eml"
        await asyncio.to_thread(file.write_bytes, compose(mail, self._sender).as_bytes())


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message with its headers; one with a line break in a header cannot be made."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = mail.address
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<chance-tap-{mail.mail_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
