"""The house's highload wallet v3 as the chain runs it, and a toncenter that shows it.

The contract checks a message as the real one does: signature, subwallet, time-out, date, query id, each with its exit
code; accepted, it remembers the query, and pays in a second transaction that can fail by itself.  Parsed here by hand
from the contract's published layout, not by the product's builder.
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from ton_core import Address, Cell, MessageAny

INVALID_SIGNATURE, INVALID_SUBWALLET, INVALID_CREATED_AT, ALREADY_EXECUTED = 33, 34, 35, 36
INVALID_MESSAGE, INVALID_TIMEOUT = 37, 38
FEES: Final = 5_000_000
INTERNAL_TRANSFER: Final = 0xAE42E5A4
ACTION_SEND_MSG: Final = 0x0EC3C86D


@dataclass
class Paid:
    """A transfer that left the wallet."""

    destination: str
    nanoton: int
    query_id: int


@dataclass
class HighloadContract:
    """One deployed wallet.  `wait`: messages are taken but no block is made of them until `make_blocks`."""

    address: str
    public_key: bytes
    subwallet: int
    timeout_s: int
    now_s: int = 1_790_000_000
    nanoton: int = 1_000_000_000_000
    wait: bool = False
    final: bool = True
    fail_second: bool = False
    lose_index: bool = False
    paid: list[Paid] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    mempool: list[Cell] = field(default_factory=list)
    old_queries: set[int] = field(default_factory=set)
    queries: set[int] = field(default_factory=set)
    last_cleaned: int = 0
    _lt: int = 50_000_000

    def take(self, boc: str) -> int:
        """A message from outside: 0, or the exit code with which it is refused."""
        cell = Cell.one_from_boc(b64decode(boc))
        code = self._check(cell)
        self.exit_codes.append(code)
        if code == 0:
            if self.wait:
                self.mempool.append(cell)
            else:
                self._execute(cell)
        return code

    def make_blocks(self) -> None:
        """What waits is executed now, or dropped if it may not be any more."""
        waiting, self.mempool = self.mempool, []
        for cell in waiting:
            if self._check(cell) == 0:
                self._execute(cell)

    def processed(self, query_id: int) -> bool:
        return query_id in self.queries or query_id in self.old_queries

    def _clean(self) -> None:
        if self.last_cleaned < self.now_s - self.timeout_s:
            self.old_queries, self.queries = self.queries, set()
            if self.last_cleaned < self.now_s - 2 * self.timeout_s:
                self.old_queries = set()
            self.last_cleaned = self.now_s

    def _check(self, cell: Cell) -> int:
        message: Any = MessageAny.deserialize(cell.begin_parse())
        assert message.info.dest.to_str(is_user_friendly=False) == self.address
        body = message.body.begin_parse()
        signature, signed = body.load_bytes(64), body.load_ref()
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, signed.hash)
        except InvalidSignature:
            return INVALID_SIGNATURE
        inner = signed.begin_parse()
        subwallet, to_send = inner.load_uint(32), inner.load_ref()
        inner.load_uint(8)
        shift, bit = inner.load_uint(13), inner.load_uint(10)
        created_at, timeout = inner.load_uint(64), inner.load_uint(22)
        assert bit <= 1022, "a bit number that the wallet cannot keep"
        if subwallet != self.subwallet:
            return INVALID_SUBWALLET
        if timeout != self.timeout_s:
            return INVALID_TIMEOUT
        if not self.now_s - timeout < created_at <= self.now_s:
            return INVALID_CREATED_AT
        self._clean()
        if self.processed((shift << 10) | bit):
            return ALREADY_EXECUTED
        own: Any = MessageAny.deserialize(to_send.begin_parse())
        if own.info.dest.to_str(is_user_friendly=False) != self.address:
            return INVALID_MESSAGE
        return 0

    def _execute(self, cell: Cell) -> None:
        signed = MessageAny.deserialize(cell.begin_parse()).body.begin_parse()
        signed.load_bytes(64)
        inner = signed.load_ref().begin_parse()
        inner.load_uint(32)
        to_send = inner.load_ref()
        inner.load_uint(8)
        query_id = inner.load_uint(23)
        self.queries.add(query_id)
        message: Any = MessageAny.deserialize(to_send.begin_parse())
        value = message.info.value.grams
        second_hash = hashlib.sha256(to_send.hash + query_id.to_bytes(4, "big")).digest()
        sent_on = self.nanoton >= value + FEES
        out = [_message(second_hash, self.address, self.address, value)] if sent_on else []
        self._add(_message(_norm(cell), None, self.address, 0), out, success=True)
        if sent_on:
            self._second(out[0], second_hash, message.body, query_id)

    def _second(self, own: dict[str, Any], message_hash: bytes, body: Cell, query_id: int) -> None:
        parsed = body.begin_parse()
        assert parsed.load_uint(32) == INTERNAL_TRANSFER
        assert parsed.load_uint(64) == query_id
        actions = parsed.load_ref().begin_parse()
        assert actions.load_ref() == Cell.empty(), "one payment a message"
        assert actions.load_uint(32) == ACTION_SEND_MSG
        mode = actions.load_uint(8)
        payment: Any = MessageAny.deserialize(actions.load_ref().begin_parse())
        assert mode & 2 == 0, "a payment that fails must be seen to fail"
        assert not payment.info.bounce
        value = payment.info.value.grams
        destination = Address(payment.info.dest).to_str(is_user_friendly=False)
        if self.fail_second or self.nanoton < value + FEES:
            self._add(own, [], success=False)
            return
        self.nanoton -= value + FEES
        self.paid.append(Paid(destination, value, query_id))
        self._add(
            own, [_message(hashlib.sha256(message_hash).digest(), self.address, destination, value)], success=True
        )

    def leak(self, destination: str, nanoton: int) -> dict[str, Any]:
        """Somebody else has the key, and pays himself."""
        own = _message(hashlib.sha256(b"leak %d" % self._lt).digest(), self.address, self.address, 50_000_000)
        stolen = _message(hashlib.sha256(b"stolen %d" % self._lt).digest(), self.address, destination, nanoton)
        return self._add(own, [stolen], success=True)

    def _add(self, message: dict[str, Any], out: list[dict[str, Any]], *, success: bool) -> dict[str, Any]:
        before, self._lt = self._lt, self._lt + 1
        message_hash = b64decode(message["hash"])
        transaction = {
            "account": self.address.upper(),
            "hash": _b64(hashlib.sha256(b"t" + message_hash).digest()),
            "lt": str(self._lt),
            "prev_trans_lt": str(before),
            "now": self.now_s,
            "mc_block_seqno": 1 if self.final else None,
            "emulated": not self.final,
            "description": {
                "aborted": not success,
                "compute_ph": {"success": True, "exit_code": 0},
                "action": {"success": success, "result_code": 0 if success else 37},
            },
            "in_msg": message,
            "out_msgs": out,
        }
        self.transactions[message_hash.hex()] = transaction
        return transaction

    def finalise(self) -> None:
        """Whatever happened is in the masterchain now."""
        for transaction in self.transactions.values():
            transaction.update(mc_block_seqno=1, emulated=False)


class HighloadToncenter:
    """The server.  `faults`: what the next requests to a path get: a status, "drop" (not done), "lose" (done)."""

    def __init__(self, contract: HighloadContract) -> None:
        self.contract = contract
        self.url = ""
        self.faults: dict[str, list[int | str]] = {}
        self.bocs: list[str] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> "HighloadToncenter":
        app = web.Application(middlewares=[self._faults])
        self.add_routes(app)
        app.router.add_get("/api/v3/transactions", self.tell_transactions)
        app.router.add_post("/api/v3/runGetMethod", self.run_get_method)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    def add_routes(self, app: web.Application) -> None:
        """What only this server has."""
        app.router.add_get("/api/v3/masterchainInfo", self._info)
        app.router.add_get("/api/v3/transactionsByMessage", self._by_message)
        app.router.add_post("/api/v3/message", self._message)

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        faults = self.faults.get(request.path.rpartition("/")[2])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int):
            return web.json_response({"error": "no"}, status=fault)
        answer: web.StreamResponse = web.Response() if fault == "drop" else await handler(request)
        if fault is not None:
            assert request.transport is not None
            request.transport.close()
        return answer

    async def _info(self, _: web.Request) -> web.Response:
        return web.json_response({"last": {"gen_utime": str(self.contract.now_s), "seqno": 1}, "first": {}})

    async def _message(self, request: web.Request) -> web.Response:
        boc = (await request.json())["boc"]
        self.bocs.append(boc)
        code = self.contract.take(boc)
        if code:
            error = f"LITE_SERVER_UNKNOWN: cannot apply external message: exitcode={code}"
            return web.json_response({"error": error, "code": 500}, status=500)
        return web.json_response({"message_hash": _b64(_norm(Cell.one_from_boc(b64decode(boc))))})

    async def _by_message(self, request: web.Request) -> web.Response:
        assert request.query["direction"] == "in"
        found = None if self.contract.lose_index else self.contract.transactions.get(request.query["msg_hash"])
        return web.json_response({"transactions": [found] if found else [], "address_book": {}})

    async def tell_transactions(self, request: web.Request) -> web.Response:
        """GET /transactions of the wallet."""
        query = request.query
        assert (query["account"].lower(), query["sort"]) == (self.contract.address, "asc")
        start_lt, limit = int(query["start_lt"]), int(query["limit"])
        shown = [] if self.contract.lose_index else list(self.contract.transactions.values())
        page = [each for each in shown if int(each["lt"]) >= start_lt][:limit]
        return web.json_response({"transactions": page, "address_book": {}})

    async def run_get_method(self, request: web.Request) -> web.Response:
        """POST /runGetMethod: `processed?` of the wallet."""
        body = await request.json()
        assert body["address"].lower() == self.contract.address
        assert body["method"] == "processed?"
        query_id, _ = (int(each["value"], 0) for each in body["stack"])
        value = "-0x1" if self.contract.processed(query_id) else "0x0"
        return web.json_response({"gas_used": 900, "exit_code": 0, "stack": [{"type": "num", "value": value}]})


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


def _message(hash_: bytes, source: str | None, destination: str, nanoton: int) -> dict[str, Any]:
    return {
        "hash": _b64(hash_),
        "source": None if source is None else source.upper(),
        "destination": destination.upper(),
        "value": None if source is None else str(nanoton),
        "opcode": None if source is None else hex(INTERNAL_TRANSFER),
        "bounced": False,
        "message_content": {"body": "", "decoded": None},
    }


def _norm(cell: Cell) -> bytes:
    """TEP-467: no source, no import fee, no state init, the body in a cell of its own."""
    from ton_core import begin_cell

    message: Any = MessageAny.deserialize(cell.begin_parse())
    built = begin_cell().store_uint(2, 2).store_address(None).store_address(message.info.dest).store_coins(0)
    return bytes(built.store_bit(0).store_bit(1).store_ref(message.body).end_cell().hash)
