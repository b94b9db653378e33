"""A TON Connect bridge, and a person's wallet at its other end: real keys, real encryption, server-sent events."""

import asyncio
import json
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from nacl.public import Box, PrivateKey, PublicKey
from nacl.utils import random

from tests.stand_ins.wallet import Wallet


class Bridge:
    """Keeps messages for each client and hands them out in order, each with a number."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.away = False
        self.sent: dict[str, list[tuple[int, str]]] = {}
        self._news = asyncio.Condition()
        self._number = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> "Bridge":
        app = web.Application()
        app.router.add_get("/bridge/events", self._events)
        app.router.add_post("/bridge/message", self._message)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/bridge"
        return self

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def put(self, sender: str, to: str, message: str) -> None:
        """A message for a client."""
        self._number += 1
        data = json.dumps({"from": sender, "message": message})
        async with self._news:
            self.sent.setdefault(to, []).append((self._number, data))
            self._news.notify_all()

    async def _message(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        assert 0 < int(request.query["ttl"]) <= 300
        await self.put(request.query["client_id"], request.query["to"], await request.text())
        return web.json_response({"message": "OK", "statusCode": 200})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        if self.away:
            return web.Response(status=503)
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"event: heartbeat\ndata: \n\n")
        seen = int(request.query.get("last_event_id", "0"))
        client = request.query["client_id"]
        while True:
            for number, data in self.sent.get(client, []):
                if number > seen:
                    seen = number
                    await stream.write(f"event: message\nid: {number}\ndata: {data}\n\n".encode())
            async with self._news:
                await self._news.wait()


class BridgeWallet:
    """A wallet's application that was opened with a link."""

    def __init__(self, bridge: Bridge, wallet: Wallet, link: str) -> None:
        query = parse_qs(urlsplit(link).query)
        self.bridge = bridge
        self.wallet = wallet
        self.app_id = query["id"][0]
        self.request: dict[str, Any] = json.loads(query["r"][0])
        self.key = PrivateKey.generate()
        self._event = 0

    @property
    def client_id(self) -> str:
        return self.key.public_key.encode().hex()

    @property
    def payload(self) -> str:
        return str(next(item["payload"] for item in self.request["items"] if item["name"] == "ton_proof"))

    async def say(self, event: str, payload: Any) -> None:
        """An event, encrypted for the other side."""
        self._event += 1
        text = json.dumps({"id": self._event, "event": event, "payload": payload}).encode()
        nonce = random(Box.NONCE_SIZE)
        box = Box(self.key, PublicKey(bytes.fromhex(self.app_id)))
        await self.bridge.put(
            self.client_id, self.app_id, b64encode(nonce + box.encrypt(text, nonce).ciphertext).decode()
        )

    async def accept(self, *, domain: str, timestamp: int) -> None:
        """The person agrees."""
        proof = self.wallet.proof(self.payload, domain=domain, timestamp=timestamp)
        device = {
            "platform": "iphone",
            "appName": "Tonkeeper",
            "appVersion": "5.0",
            "maxProtocolVersion": 2,
            "features": ["SendTransaction", {"name": "SendTransaction", "maxMessages": 4}],
        }
        items = [self.wallet.account(), {"name": "ton_proof", "proof": proof}]
        await self.say("connect", {"items": items, "device": device})

    async def reject(self, *, nested: bool = False) -> None:
        """The person does not; `nested`: in the shape that some wallets send."""
        error = {"code": 300, "message": "User rejected"}
        await self.say("connect_error", {"error": error} if nested else error)

    def requests(self) -> list[dict[str, Any]]:
        """What the other side asked of this wallet, in its order."""
        found = []
        for _, data in self.bridge.sent.get(self.client_id, []):
            content = json.loads(data)
            box = Box(self.key, PublicKey(bytes.fromhex(content["from"])))
            assert content["from"] == self.app_id
            found.append(json.loads(box.decrypt(b64decode(content["message"]))))
        return found

    async def garbage(self) -> None:
        """What anybody can send to a client of a bridge."""
        for message in ("", "AAAA", b64encode(random(64)).decode(), "é"):
            await self.bridge.put(self.client_id, self.app_id, message)
        await self.bridge.put("not a key", self.app_id, "AAAA")
