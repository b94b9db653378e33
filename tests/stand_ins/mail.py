"""An SMTP server on this machine that keeps what it gets, and refuses, stalls or dies as a test tells it to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailSink:
    """`replies` are given to the next mails, in order, instead of taking them: to RCPT if they begin with `rcpt `, else
    to DATA; `drop` takes the mail and ends the connection before saying so."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp+plain://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail, to in zip(self.mails, self.recipients, strict=True) if to == address]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.replies and self.replies[0].startswith("rcpt "):
            return self.replies.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250") or reply == "drop":
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            for address in envelope.rcpt_tos:
                self.mails.append(mail)
                self.recipients.append(address)
                self.encrypted.append(session.ssl is not None)
        if reply == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return reply

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)


@asynccontextmanager
async def mail_sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[MailSink]:
    """A running sink; with `tls` it wants STARTTLS and a login."""
    sink = MailSink()

    def connection() -> SMTP:
        sink.connections += 1
        return SMTP(
            sink,
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=sink.authenticate,
            auth_required=tls is not None,
            auth_require_tls=tls is not None,
        )

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
