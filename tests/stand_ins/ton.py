"""One toncenter for real processes: the house's addresses and the wallet that pays out, on a chain whose time is now.

It runs in a thread of its own, so that a test may wait for a process that asks it.
"""

import asyncio
import threading
import time
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from persistence.ton.highload import HighloadWallet
from tests.stand_ins.highload import HighloadContract, HighloadToncenter
from tests.stand_ins.toncenter import Chain, Toncenter, Tx


class TonNetwork:
    """The server.  `chain` has the house's addresses, `wallet` is the one that pays; each has its own toncenter."""

    def __init__(self, key: str, *, subwallet: int = 4269, timeout_s: int = 3600) -> None:
        seed = bytes.fromhex(key)
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        address = HighloadWallet(seed, subwallet=subwallet, timeout_s=timeout_s).address
        self.chain = Chain()
        self.wallet = HighloadContract(address, public, subwallet, timeout_s)
        self.url = ""
        self._deposits = Toncenter(self.chain)
        self._payouts = HighloadToncenter(self.wallet)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="toncenter", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "toncenter does not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        assert not self._thread.is_alive(), "toncenter does not end"

    def send(self, to: str, nanoton: int, comment: str | None = None, *, source: str, **how: Any) -> Tx:
        """Somebody's transfer, now."""
        return self.chain.send(to, nanoton, comment, source=source, now_s=int(time.time()), **how)

    def times_paid(self, address: str) -> int:
        return sum(each.destination == address for each in self.wallet.paid)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._serve())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _serve(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._passing_time])
        self._payouts.add_routes(app)
        app.router.add_get("/api/v3/transactions", self._transactions)
        app.router.add_post("/api/v3/runGetMethod", self._get_method)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    @web.middleware
    async def _passing_time(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.wallet.now_s = int(time.time())
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _transactions(self, request: web.Request) -> web.Response:
        of_wallet = request.query["account"].lower() == self.wallet.address
        return await (self._payouts if of_wallet else self._deposits).tell_transactions(request)

    async def _get_method(self, request: web.Request) -> web.Response:
        of_wallet = (await request.json())["address"].lower() == self.wallet.address
        return await (self._payouts if of_wallet else self._deposits).run_get_method(request)
