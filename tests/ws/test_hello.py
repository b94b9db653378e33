"""Whom a socket lets in, and whom it puts out: hello, tokens, bans, sessions."""

import asyncio
import json

from gateway.auth.tokens import Tokens
from gateway.live.endpoint import PATH
from gateway.ws.frames import CloseCode
from persistence.redis.user_events import Banned, SessionsEnded
from tests.fixtures.postgres import Execute
from tests.fixtures.stores import JWT_SECRET
from tests.ws.client import Peer, frame
from tests.ws.conftest import Game, Gateway, Road, StartGateway

BEFORE_HELLO = {
    "ping": ({"type": "ping"}, CloseCode.NO_HELLO),
    "hello without a token": ({"type": "hello"}, CloseCode.NO_HELLO),
    "hello with a number": ({"type": "hello", "token": 5}, CloseCode.NO_HELLO),
    "unknown type": ({"type": "greetings"}, CloseCode.NO_HELLO),
    "token of nobody": ({"type": "hello", "token": "x.y.z"}, CloseCode.TOKEN_REFUSED),
    "not JSON": (b"{", CloseCode.BAD_FRAME),
    "a list": (b"[]", CloseCode.BAD_FRAME),
    "no type": (b"{}", CloseCode.BAD_FRAME),
    "a type that is no string": (b'{"type":5}', CloseCode.BAD_FRAME),
    "empty": (b"", CloseCode.BAD_FRAME),
    "deep": (b"[" * 4000, CloseCode.BAD_FRAME),
    "deep inside": (b'{"type":"ping","t":' + b"[" * 4000, CloseCode.BAD_FRAME),
    "not a number": (b'{"type":NaN}', CloseCode.BAD_FRAME),
}


async def hello(gateway: Gateway, token: str, **claims: str) -> Peer:
    """A client that said hello, whatever comes of it."""
    peer = await Peer.open(gateway.port, PATH)
    await peer.send({"type": "hello", "token": token, **claims})
    return peer


async def test_the_first_frame_must_be_hello(start_gateway: StartGateway, road: Road) -> None:
    gateway = await start_gateway(road=road)
    for name, (message, code) in BEFORE_HELLO.items():
        peer = await Peer.open(gateway.port, PATH)
        await peer.write(frame(1, message if isinstance(message, bytes) else json.dumps(message).encode()))
        assert await peer.closed() == code, name


async def test_tokens_that_are_refused(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    good = game.token(user_id)
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + good.split(".")[1] + "."
    hellos: list[dict[str, str]] = [
        {"token": Tokens([JWT_SECRET], 3600, clock=lambda: 1e9).issue(user_id, None, "user")[0]},
        {"token": Tokens(["another secret of forty characters......"], 3600).issue(user_id, None, "user")[0]},
        {"token": unsigned},
        {"token": game.token("123456789")},
        {"token": good, "user_id": "999999"},
        {"token": good, "telegram_id": "999999"},
    ]
    for claims in hellos:
        peer = await hello(gateway, **claims)
        assert await peer.closed() == CloseCode.TOKEN_REFUSED


async def test_bans(start_gateway: StartGateway, game: Game, road: Road, execute: Execute) -> None:
    """At hello, and at once when the event of it comes."""
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    open_before = await game.peer(gateway, user_id)
    await asyncio.to_thread(execute, "UPDATE auth.users SET banned_at = now() WHERE user_id = %s", int(user_id))
    peer = await hello(gateway, game.token(user_id))
    assert await peer.closed() == CloseCode.BANNED
    game.live.user_events.publish(user_id, Banned())
    assert await open_before.closed() == CloseCode.BANNED


async def test_sessions_that_were_ended(start_gateway: StartGateway, game: Game, road: Road, execute: Execute) -> None:
    """A token of an earlier epoch is refused at hello, and its socket closed when the event comes; newer ones stay."""
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    old = await game.peer(gateway, user_id)
    await asyncio.to_thread(execute, "UPDATE auth.users SET session_epoch = 3 WHERE user_id = %s", int(user_id))
    peer = await hello(gateway, game.tokens.issue(user_id, None, "user", 2)[0])
    assert await peer.closed() == CloseCode.TOKEN_REFUSED
    new = await hello(gateway, game.tokens.issue(user_id, None, "user", 3)[0])
    assert (await new.next())["type"] == "welcome"
    game.live.user_events.publish(user_id, SessionsEnded(3))
    assert await old.closed() == CloseCode.TOKEN_REFUSED
    await new.send({"type": "ping", "t": 1})
    assert (await new.next("pong"))["t"] == 1
