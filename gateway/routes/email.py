"""/auth for accounts by e-mail: register, verify, log in; forgot, reset and change the password.

Nothing here tells whether an address has an account: register and forgot do the same for all and leave the rest to a
mail, and a log-in does the same work for an unknown address as for a wrong password.
"""

from typing import Final

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from gateway.auth.emails import normalised
from gateway.auth.passwords import check_new
from gateway.rate_limits import WAYS_IN
from gateway.rest.endpoint import Call, Endpoint
from gateway.routes.session import open_session
from gateway.schemas.accounts import (
    Accepted,
    EmailLogin,
    Forgotten,
    ObjectionToken,
    PasswordChange,
    Registration,
    Reset,
    Undone,
    Verification,
)
from gateway.schemas.rest import Session
from gateway.texts import from_accept_language
from persistence.accounts.mail_tokens import hash_of
from persistence.errors import ErrorCode, GameError
from persistence.postgres import logins
from persistence.postgres.users import fit_text
from persistence.redis.user_events import SessionsEnded

VERIFY_LIFE_S: Final = 24 * 3600.0
RESET_LIFE_S: Final = 3600.0


async def register(call: Call) -> Accepted:
    """A mail goes out: with a token, or where the address has an account with a word to its owner."""
    body: Registration = call.body
    email = normalised(body.email)
    check_new(body.password, email)
    name = None if body.name is None else fit_text("first_name", body.name)
    await ask_mail(call, "register", email, VERIFY_LIFE_S, password=body.password, name=name)
    return Accepted()


async def forgot(call: Call) -> Accepted:
    """A mail with a token goes out, if somebody logs in with the address."""
    body: Forgotten = call.body
    await ask_mail(call, "reset", normalised(body.email), RESET_LIFE_S)
    return Accepted()


async def ask_mail(
    call: Call,
    purpose: logins.Purpose,
    email: str,
    life_s: float,
    *,
    password: str | None = None,
    name: str | None = None,
    user_id: int | None = None,
) -> None:
    """Count it, then write it down; the worker sends it.

    Raises:
        GameError: forbidden, where no mail can be sent; rate_limited.
    """
    services = call.services
    if not services.settings.smtp_url:
        raise GameError(ErrorCode.FORBIDDEN)
    await services.login_throttle.mail(email, call.address)
    nonce, token_hash = services.mail_tokens.make()
    header = call.headers.get(b"accept-language")
    request = logins.MailRequest(
        purpose=purpose,
        email=email,
        language=from_accept_language(header.decode("latin-1") if header else None),
        nonce=nonce,
        token_hash=token_hash,
        life_s=life_s,
        user_id=user_id,
        password_hash=None if password is None else await services.passwords.hash(password, call.network),
        name=name,
    )
    await logins.ask_mail(services.db, request)


async def verify(call: Call) -> Session:
    """The address is confirmed by who has its mail and knows the password: the account is there from here on."""
    body: Verification = call.body
    services = call.services
    tries = await services.login_throttle.token(call.address)
    token_hash = hash_of(body.token)
    token = None if token_hash is None else await logins.look_at_token(services.db, token_hash)
    if token_hash is None or token is None or token.purpose == "reset":
        raise GameError(ErrorCode.NOT_FOUND)
    guesses = await services.login_throttle.password(f"token {token_hash.hex()}", call.address, token.email)
    if not await services.passwords.verify(token.password_hash, body.password, call.network):
        raise GameError(ErrorCode.BAD_CREDENTIALS)
    await services.login_throttle.give_back(tries)
    await services.login_throttle.give_back(guesses)
    settings = services.settings
    status, user_id, epoch = await logins.use_registration(
        services.db,
        token_hash,
        is_demo=settings.bot_token == DEVELOPMENT_BOT_TOKEN,
        demo_stars=0 if settings.is_production else settings.demo_stars,
    )
    if status != "ok":
        raise GameError(ErrorCode(status))
    services.accounts.forget(str(user_id))
    if epoch is not None:
        end_sessions(call, user_id, epoch)
    return await open_session(call, user_id)


async def object_to_change(call: Call) -> Undone:
    """Whoever has the mail that told of a linked or unlinked way in takes that back; every session is ended."""
    body: ObjectionToken = call.body
    services = call.services
    tries = await services.login_throttle.token(call.address)
    token_hash = hash_of(body.token)
    if token_hash is None:
        raise GameError(ErrorCode.NOT_FOUND)
    undone = await logins.object_by_mail(services.db, token_hash)
    if undone.status != "ok":
        raise GameError(ErrorCode(undone.status))
    await services.login_throttle.give_back(tries)
    end_sessions(call, undone.user_id, undone.epoch)
    return Undone()


async def log_in_by_email(call: Call) -> Session:
    """The same work, and the same answer, for an unknown address as for a wrong password."""
    body: EmailLogin = call.body
    services = call.services
    email = normalised(body.email)
    tries = await services.login_throttle.password(email, call.address)
    login = await logins.email_login(services.db, email)
    matches = await services.passwords.verify(login.password_hash if login else None, body.password, call.network)
    if login is None or not matches:
        raise GameError(ErrorCode.BAD_CREDENTIALS)
    await services.login_throttle.give_back(tries)
    if services.passwords.is_dated(login.password_hash):
        await logins.rehash(services.db, login, await services.passwords.hash(body.password, call.network))
    return await open_session(call, login.user_id)


async def reset(call: Call) -> Session:
    """A new password by a mailed token; every session of before is ended."""
    body: Reset = call.body
    services = call.services
    tries = await services.login_throttle.token(call.address)
    token_hash = hash_of(body.token)
    token = None if token_hash is None else await logins.look_at_token(services.db, token_hash)
    if token_hash is None or token is None or token.purpose != "reset":
        raise GameError(ErrorCode.NOT_FOUND)
    check_new(body.password, token.email)
    password_hash = await services.passwords.hash(body.password, call.network)
    status, user_id, epoch = await logins.reset_password(services.db, token_hash, password_hash)
    if status != "ok":
        raise GameError(ErrorCode(status))
    await services.login_throttle.give_back(tries)
    await services.login_throttle.remember(token.email, call.address)
    end_sessions(call, user_id, epoch)
    return await open_session(call, user_id)


async def change_password(call: Call) -> Session:
    """By who knows the old one; every other session is ended."""
    body: PasswordChange = call.body
    services = call.services
    methods = await logins.login_methods(services.db, call.user_id)
    if methods is None or methods.email is None or methods.password_hash is None:
        raise GameError(ErrorCode.CONFLICT)
    check_new(body.new_password, methods.email, "new_password")
    tries = await services.login_throttle.password(methods.email, call.address)
    if not await services.passwords.verify(methods.password_hash, body.old_password, call.network):
        raise GameError(ErrorCode.BAD_CREDENTIALS)
    await services.login_throttle.give_back(tries)
    new_hash = await services.passwords.hash(body.new_password, call.network)
    epoch = await logins.change_password(services.db, call.user_id, methods.password_hash, new_hash)
    if epoch is None:
        raise GameError(ErrorCode.CONFLICT)
    end_sessions(call, call.user_id, epoch)
    return await open_session(call, call.user_id)


def end_sessions(call: Call, user_id: int, epoch: int) -> None:
    """Postgres has ended the sessions before this epoch: every gateway is to know at once."""
    call.services.accounts.forget(str(user_id))
    call.services.live.user_events.publish(user_id, SessionsEnded(epoch))


ENDPOINTS = [
    Endpoint(
        method="POST",
        path="/api/v1/auth/register",
        handler=register,
        summary="Ask for an account by e-mail",
        body=Registration,
        answer=Accepted,
        with_token=False,
        codes=(ErrorCode.FORBIDDEN, ErrorCode.RATE_LIMITED),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/verify",
        handler=verify,
        summary="Confirm an address with the token from its mail",
        body=Verification,
        answer=Session,
        with_token=False,
        codes=(
            ErrorCode.NOT_FOUND,
            ErrorCode.BAD_CREDENTIALS,
            ErrorCode.CONFLICT,
            ErrorCode.BANNED,
            ErrorCode.UNAUTHORIZED,
            ErrorCode.RATE_LIMITED,
        ),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/login",
        handler=log_in_by_email,
        summary="Log in by e-mail and password",
        body=EmailLogin,
        answer=Session,
        with_token=False,
        codes=(ErrorCode.BAD_CREDENTIALS, ErrorCode.BANNED, ErrorCode.UNAUTHORIZED, ErrorCode.RATE_LIMITED),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/password/forgot",
        handler=forgot,
        summary="Ask for a new password",
        body=Forgotten,
        answer=Accepted,
        with_token=False,
        codes=(ErrorCode.FORBIDDEN, ErrorCode.RATE_LIMITED),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/password/reset",
        handler=reset,
        summary="Set a new password with the token from the mail",
        body=Reset,
        answer=Session,
        with_token=False,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.BANNED, ErrorCode.UNAUTHORIZED, ErrorCode.RATE_LIMITED),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/object",
        handler=object_to_change,
        summary="Take a linked or unlinked way in back with the token from its mail; every session ends",
        body=ObjectionToken,
        answer=Undone,
        with_token=False,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.RATE_LIMITED),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/password/change",
        handler=change_password,
        lasting=WAYS_IN,
        summary="Change the password; every other session ends",
        body=PasswordChange,
        answer=Session,
        codes=(ErrorCode.BAD_CREDENTIALS, ErrorCode.CONFLICT, ErrorCode.RATE_LIMITED),
    ),
]
