"""A toncenter with a small chain behind it, for tests: version 3 of the interface, in the shapes it really answers.

The chain is scripted: what was sent can be indexed late, be made final later, or vanish before it is final; pages
can repeat what came before; the server can be away, slow down its callers, or answer nonsense.  Written from the
interface's description, not from the product's reading of it.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from ton_core import Cell, begin_cell

JETTON_NOTIFICATION = 0x7362D09C
JETTON_EXCESSES = 0xD53276DB
ENCRYPTED_COMMENT = 0x2167DA4B
LONGEST_PAGE = 1000


def comment_body(text: str | bytes) -> Cell:
    """The body of a text comment: 32 zero bits, then the text over as many cells as it needs."""
    data = b"\x00\x00\x00\x00" + (text.encode() if isinstance(text, str) else text)
    pieces = [data[at : at + 127] for at in range(0, len(data), 127)]
    cell = None
    for piece in reversed(pieces):
        builder = begin_cell().store_bytes(piece)
        if cell is not None:
            builder = builder.store_ref(cell)
        cell = builder.end_cell()
    assert cell is not None
    return cell


def boc(cell: Cell) -> str:
    return b64encode(cell.to_boc()).decode()


@dataclass
class Tx:
    """One transaction of an account, as toncenter would tell it."""

    account: str
    lt: int
    json: dict[str, Any]
    indexed: bool = True

    @property
    def hash(self) -> str:
        return str(self.json["hash"])


@dataclass
class Chain:
    """Accounts and their transactions.  `now_s` is the chain's clock."""

    now_s: int = 1_700_000_000
    lt: int = 46_000_000_000_000
    seqno: int = 40_000_000
    accounts: dict[str, list[Tx]] = field(default_factory=dict)
    getters: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _count: int = 0

    def send(
        self,
        to: str,
        nanoton: int,
        comment: str | None = None,
        *,
        source: str | None = "0:" + "ab" * 32,
        body: Cell | None = None,
        opcode: Any = "",
        decoded: bool | dict[str, Any] = True,
        destination: str | None = None,
        bounced: bool = False,
        aborted: bool = False,
        out_msgs: int = 0,
        emulated: bool = False,
        final: bool = True,
        indexed: bool = True,
        now_s: int | None = None,
    ) -> Tx:
        """A message to an account, in a transaction of its own."""
        self._count += 1
        self.lt += 1_000_000 + self._count % 7
        self.seqno += 1
        self.now_s += 0 if now_s is not None else 1
        row = self.accounts.setdefault(to, [])
        content = body if body is not None else comment_body(comment) if comment is not None else None
        if opcode == "":
            # As it really comes, whatever the specification says.
            opcode = "0x00000000" if content is not None and body is None else None
        said: dict[str, Any] | None = None
        if isinstance(decoded, dict):
            said = decoded
        elif decoded and comment is not None:
            said = {"type": "text_comment", "comment": comment}
        hash_ = b64encode(hashlib.sha256(f"{to} {self.lt} {self._count}".encode()).digest()).decode()
        message: dict[str, Any] = {
            "hash": b64encode(hashlib.sha256(f"m{hash_}".encode()).digest()).decode(),
            "hash_norm": b64encode(hashlib.sha256(f"n{hash_}".encode()).digest()).decode(),
            "source": None if source is None else source.upper(),
            "destination": (destination or to).upper(),
            "value": None if source is None else str(nanoton),
            "opcode": opcode,
            "bounce": False,
            "bounced": bounced,
            "message_content": {"hash": hash_, "body": boc(content or begin_cell().end_cell()), "decoded": said},
        }
        json = {
            "account": to.upper(),
            "hash": hash_,
            "lt": str(self.lt),
            "now": self.now_s if now_s is None else now_s,
            "mc_block_seqno": self.seqno if final else None,
            "emulated": emulated,
            "trace_id": hash_,
            "prev_trans_lt": str(row[-1].lt if row else 0),
            "prev_trans_hash": row[-1].hash if row else "A" * 43 + "=",
            "description": {
                "type": "ord",
                "aborted": aborted,
                "compute_ph": {"skipped": aborted, "reason": "no_state"} if aborted else {"success": True},
                "action": None if aborted else {"success": True},
            },
            "in_msg": message,
            "out_msgs": [{"destination": (source or to).upper(), "value": str(nanoton)} for _ in range(out_msgs)],
        }
        tx = Tx(to, self.lt, json, indexed)
        row.append(tx)
        return tx

    def finalise(self, tx: Tx) -> None:
        """A block of the masterchain has it now."""
        self.seqno += 1
        tx.json["mc_block_seqno"] = self.seqno
        tx.json["emulated"] = False

    def undo(self, tx: Tx) -> None:
        """Its block was not taken: it never happened, and what came after names the one before it."""
        assert tx.json["mc_block_seqno"] is None or tx.json["emulated"], "what is final stays"
        row = self.accounts[tx.account]
        at = row.index(tx)
        if at + 1 < len(row):
            row[at + 1].json["prev_trans_lt"] = tx.json["prev_trans_lt"]
            row[at + 1].json["prev_trans_hash"] = tx.json["prev_trans_hash"]
        del row[at]

    def set_public_key(self, account: str, key: str) -> None:
        """A deployed wallet that answers `get_public_key`."""
        self.getters[account, "get_public_key"] = {
            "gas_used": 500,
            "exit_code": 0,
            "stack": [{"type": "num", "value": hex(int(key, 16))}],
        }


class Toncenter:
    """The server.  `faults`: what the next requests get instead of an answer: a status, "drop", "nonsense"."""

    def __init__(self, chain: Chain | None = None, *, api_key: str = "") -> None:
        self.chain = chain or Chain()
        self.api_key = api_key
        self.faults: list[int | str] = []
        self.longest_page = LONGEST_PAGE
        self.repeats = 0
        """So many transactions before the asked ones come with each page."""
        self.names_previous = True
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> "Toncenter":
        app = web.Application(middlewares=[self._faults])
        app.router.add_get("/api/v3/transactions", self.tell_transactions)
        app.router.add_post("/api/v3/runGetMethod", self.run_get_method)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.query)))
        fault = self.faults.pop(0) if self.faults else None
        if fault == "drop":
            assert request.transport is not None
            request.transport.close()
            raise web.HTTPInternalServerError
        if fault == "nonsense":
            return web.Response(text="<html>502 Bad Gateway</html>", content_type="text/html")
        if isinstance(fault, int):
            headers = {"retry-after": "0"} if fault == 429 else {}
            return web.json_response({"error": "no", "code": fault}, status=fault, headers=headers)
        if self.api_key and request.headers.get("x-api-key") != self.api_key:
            return web.json_response({"error": "API key does not exist"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def tell_transactions(self, request: web.Request) -> web.Response:
        """GET /transactions of an account."""
        query = request.query
        limit, start_lt = int(query.get("limit", "10")), int(query.get("start_lt", "0"))
        if limit > LONGEST_PAGE or query.get("sort") != "asc":
            return web.json_response({"error": "limit: must be 1000 or less"}, status=422)
        shown = [tx for tx in self.chain.accounts.get(query["account"].lower(), []) if tx.indexed]
        first = next((at for at, tx in enumerate(shown) if tx.lt >= start_lt), len(shown))
        page = shown[first : first + min(limit, self.longest_page)]
        before = shown[max(0, first - self.repeats) : first]
        return web.json_response({"transactions": [self._tell(tx) for tx in [*before, *page]], "address_book": {}})

    def _tell(self, tx: Tx) -> dict[str, Any]:
        if self.names_previous:
            return tx.json
        return {name: value for name, value in tx.json.items() if not name.startswith("prev_")}

    async def run_get_method(self, request: web.Request) -> web.Response:
        """POST /runGetMethod, as the chain's `getters` have it."""
        body = await request.json()
        answer = self.chain.getters.get((body["address"].lower(), body["method"]))
        return web.json_response(answer or {"gas_used": 0, "exit_code": -13, "stack": []})
