"""From the outbox to a mail server that refuses, dies and comes back: every mail arrives, nothing secret is told."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chance_tap.settings import Settings
from persistence.accounts.mail_tokens import MailTokens, hash_of
from persistence.mail import MailServerAway, SmtpMailer, mailer
from persistence.postgres import logins
from persistence.postgres.pool import Database
from tests.fixtures.stores import JWT_SECRET
from tests.stand_ins.mail import MailSink, mail_sink
from workers.loops.mail import PERIOD_S, PERIOD_WITHOUT_SERVER_S, MailLoop

ANNA = "anna@example.com"


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with mail_sink() as running:
        yield running


@pytest.fixture
def mail_settings(settings: Settings, sink: MailSink) -> Settings:
    return replace(settings, smtp_url=sink.url, mail_from="Chance Tap <game@play.example>", public_url="https://a.b/")


async def ask(db: Database, address: str = ANNA, *, language: str = "en", jwt_secret: str = JWT_SECRET) -> bytes:
    nonce, token_hash = MailTokens([jwt_secret]).make()
    request = logins.MailRequest(
        purpose="register", email=address, language=language, nonce=nonce, token_hash=token_hash, life_s=3600,
        password_hash="$argon2id$" + "x" * 40,
    )  # fmt: skip
    await logins.ask_mail(db, request)
    return token_hash


def due_now(database_url: str) -> None:
    """As if the back-off were over."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE auth.outbox SET due_at = now()")


def left(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM auth.outbox").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_mail_arrives_whole_in_both_languages(
    db: Database, mail_settings: Settings, sink: MailSink, database_url: str
) -> None:
    token_hash = await ask(db)
    await ask(db, "boris@example.com", language="ru")
    loop = MailLoop(db, mail_settings)

    assert await loop.round() == PERIOD_S

    [english], [russian] = sink.to(ANNA), sink.to("boris@example.com")
    assert sink.connections == 1
    assert (english["From"], english["To"]) == ("Chance Tap <game@play.example>", ANNA)
    assert (english["Subject"], russian["Subject"]) == (
        "Chance Tap: Confirm your e-mail address",
        "Chance Tap: Подтвердите адрес почты",
    )
    plain, html = english.get_body(("plain",)), english.get_body(("html",))
    assert plain is not None
    assert html is not None
    link = next(line for line in plain.get_content().splitlines() if line.startswith("https://a.b/#verify="))
    assert hash_of(link.partition("=")[2]) == token_hash
    assert f'href="{link}"' in html.get_content()
    assert english["Message-ID"] != russian["Message-ID"]
    assert left(database_url) == 0
    assert await loop.round() == PERIOD_S
    assert len(sink.mails) == 2


@pytest.mark.parametrize("reply", ["451 try later", "rcpt 450 greylisted", "drop", "421 closing"])
async def test_what_was_not_taken_comes_again_as_the_same_mail(
    db: Database, mail_settings: Settings, sink: MailSink, database_url: str, reply: str
) -> None:
    await ask(db)
    sink.replies = [reply]
    loop = MailLoop(db, mail_settings)
    await loop.round()
    assert left(database_url) == 1
    await loop.round()
    assert len(sink.mails) == (reply == "drop")  # it waits first
    due_now(database_url)
    await loop.round()
    assert left(database_url) == 0
    assert len({mail["Message-ID"] for mail in sink.mails}) == 1


@pytest.mark.parametrize("reply", ["550 no such mailbox", "rcpt 550 no such mailbox"])
async def test_what_can_never_be_sent_holds_nobody_up(
    db: Database, mail_settings: Settings, sink: MailSink, database_url: str, reply: str
) -> None:
    await ask(db)
    await ask(db, "boris@example.com")
    sink.replies = [reply]
    await MailLoop(db, mail_settings).round()
    assert sink.recipients == ["boris@example.com"]
    assert left(database_url) == 0


async def test_no_server_and_nothing_secret_in_the_log(
    db: Database, settings: Settings, database_url: str, free_tcp_port: int
) -> None:
    token_hash = await ask(db)
    url = f"smtp://robot:hunter2hunter2@127.0.0.1:{free_tcp_port}"
    with structlog.testing.capture_logs() as logs:
        for _ in range(6):
            due_now(database_url)
            await MailLoop(db, replace(settings, smtp_url=url)).round()
    assert [entry["log_level"] for entry in logs] == ["warning"] * 4 + ["error"] * 2
    for secret in ("hunter2", ANNA, "robot", token_hash.hex()):
        assert secret not in str(logs)
    assert left(database_url) == 1
    assert "hunter2" not in repr(replace(settings, smtp_url=url))


async def test_without_a_server_nothing_is_claimed(db: Database, settings: Settings, database_url: str) -> None:
    await ask(db)
    assert await MailLoop(db, settings).round() == PERIOD_WITHOUT_SERVER_S
    assert left(database_url) == 1


async def test_a_token_made_with_the_secret_of_before_the_rotation(
    db: Database, mail_settings: Settings, sink: MailSink, database_url: str
) -> None:
    old = "an older secret of more than thirty-two characters"
    token_hash = await ask(db, jwt_secret=old)
    await ask(db, "lost@example.com", jwt_secret="a secret that is nowhere any more, long")
    await MailLoop(db, replace(mail_settings, jwt_secret=f"{JWT_SECRET},{old}")).round()
    [mail] = sink.mails
    assert mail["To"] == ANNA
    body = mail.get_body(("plain",))
    assert body is not None
    token = body.get_content().partition("#verify=")[2].split()[0]
    assert hash_of(token) == token_hash
    assert left(database_url) == 0


async def test_two_workers_send_a_mail_once(db: Database, mail_settings: Settings, sink: MailSink) -> None:
    for number in range(30):
        await ask(db, f"user{number}@example.com")
    one, two = MailLoop(db, mail_settings), MailLoop(db, mail_settings)
    while await one.round() == 0 or await two.round() == 0:
        pass
    assert sorted(sink.recipients) == sorted(f"user{number}@example.com" for number in range(30))


async def test_development_puts_mails_into_a_folder(db: Database, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "mail"
    await ask(db)
    await MailLoop(db, replace(settings, smtp_url=f"folder:{str(folder).replace(' ', '%20')}")).round()
    [file] = folder.iterdir()
    assert b"To: anna@example.com" in file.read_bytes()
    assert mailer(settings) is None


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def test_a_login_and_mails_travel_encrypted_only(
    db: Database, settings: Settings, tmp_path: Path, database_url: str, sink: MailSink
) -> None:
    server, client = certificate(tmp_path)
    await ask(db)
    sender = "game@play.example"
    async with mail_sink(server) as secure:
        url = f"smtp://robot:pass%20word@localhost:{secure.port}"
        with pytest.raises(MailServerAway, match=r"Certificate|SSL"):
            await SmtpMailer(url, sender).__aenter__()  # nobody we trust has signed it
        await MailLoop(db, settings, SmtpMailer(url, sender, tls=client)).round()
        assert (secure.recipients, secure.encrypted, secure.logins) == ([ANNA], [True], [("robot", "pass word")])
    with pytest.raises(MailServerAway):
        await SmtpMailer(sink.url.replace("smtp+plain", "smtp"), sender).__aenter__()  # it speaks no TLS
    assert sink.mails == []


async def test_a_header_takes_no_line_break(db: Database, mail_settings: Settings, sink: MailSink) -> None:
    assert hash_of("x" * 64) is None
    with pytest.raises(psycopg.errors.CheckViolation):
        await ask(db, "anna@example.com\r\nBcc: boris@example.com")
    assert sink.mails == []
