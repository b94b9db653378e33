"""What the tests of deposits share: a chain, a toncenter, players, and the flows on real stores."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres import ledger, payments, ton_deposits
from persistence.postgres.audit import audit
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import Order, Payment
from persistence.postgres.pool import Database
from persistence.postgres.ton_deposits import Quote, Receipt
from persistence.redis.store import RedisStore
from persistence.ton.exchange_rates import RateUnavailable
from persistence.ton.toncenter import Toncenter as Client
from persistence.ton.transaction import hash_hex
from tests.fixtures.accounts import new_player
from tests.stand_ins.toncenter import Chain, Toncenter, Tx
from workers.loops.ton_watcher import ChainWatcher

HOUSE = "0:" + "5f" * 32
ENDPOINT = "/api/v1/payments/ton"
RATE = 13_000_000


def nanoton(stars: int) -> int:
    return stars * RATE


_numbers = itertools.count(1)


class Price:
    """A price that a test sets; None: there is none."""

    def __init__(self, nanoton: int | None = RATE) -> None:
        self.nanoton = nanoton

    async def nanoton_per_star(self) -> int:
        if self.nanoton is None:
            raise RateUnavailable
        return self.nanoton

    def known(self) -> int | None:
        return self.nanoton

    async def close(self) -> None:
        return


@pytest.fixture
def ton_settings(settings: Settings) -> Settings:
    return replace(settings, ton_wallet_address=HOUSE, ton_nanoton_per_star=RATE, ton_late_s=3600, ton_quote_s=900)


@pytest_asyncio.fixture
async def toncenter() -> AsyncIterator[Toncenter]:
    server = await Toncenter().start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def client(toncenter: Toncenter) -> AsyncIterator[Client]:
    async with Client(toncenter.url, per_s=1e6, pause_s=0.001) as opened:
        yield opened


@dataclass
class World:
    """The flows on both stores, the chain and its toncenter."""

    settings: Settings
    live: RedisStore
    db: Database
    toncenter: Toncenter
    client: Client
    price: Price

    @property
    def chain(self) -> Chain:
        return self.toncenter.chain

    @property
    def deposits(self) -> TonDeposits:
        return TonDeposits(self.live, self.db, self.price, self.settings)

    def watcher(self, page: int = 1000) -> ChainWatcher:
        return self.watching(self.deposits, page)

    def watching(self, deposits: TonDeposits, page: int = 1000) -> ChainWatcher:
        return ChainWatcher(
            self.db,
            deposits,
            self.client,
            period_s=1,
            late_s=self.settings.ton_late_s,
            now_ms=lambda: self.chain.now_s * 1000,
            page=page,
        )

    async def read(self, page: int = 1000) -> None:
        await self.watcher(page).round()

    async def player(self) -> int:
        return await new_player(self.db, name="Payer")

    async def order(self, user_id: int, stars: int = 100, *, rate: int = RATE) -> Payment:
        """An order made at the chain's time of now."""
        number = next(_numbers)
        ordered = await ton_deposits.request(
            self.db,
            user_id,
            Order(
                f"00000000-0000-4000-8000-{number:012d}",
                stars,
                created_ms=self.chain.now_s * 1000,
                expires_ms=(self.chain.now_s + self.settings.ton_quote_s) * 1000,
            ),
            Quote(rate, "mainnet", HOUSE, memo_number(number)),
            IdempotencyKey(ENDPOINT, f"key-{number}", b"%d" % stars),
        )
        assert ordered.payment is not None, ordered.status
        return ordered.payment

    async def payment(self, payment: Payment) -> Payment:
        found = await payments.one(self.db, payment.user_id, payment.payment_id)
        assert found is not None
        return found

    async def receipt(self, tx: Tx) -> Receipt | None:
        return (await self.receipts()).get(hash_hex(tx.hash))

    async def receipts(self) -> dict[str, Receipt]:
        found = [each.receipt for each in await ton_deposits.listed(self.db, state=None, limit=100_000)]
        by_hash = {each.hash: each for each in found}
        assert len(by_hash) == len(found)
        return by_hash

    async def outcome(self, tx: Tx) -> tuple[str, str | None, int | None] | None:
        receipt = await self.receipt(tx)
        return None if receipt is None else (receipt.state, receipt.reason, receipt.stars)

    async def balance(self, user_id: int) -> int:
        return await ledger.balance(self.db, user_id)


def memo_number(number: int) -> str:
    """Memos of tests can be made again; the product's are random."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(digits[byte % 32] for byte in hashlib.sha256(b"%d" % number).digest()[:16])


@pytest_asyncio.fixture
async def world(
    ton_settings: Settings, live: RedisStore, db: Database, toncenter: Toncenter, client: Client
) -> AsyncIterator[World]:
    made = World(ton_settings, live, db, toncenter, client, Price())
    yield made
    assert await audit(db) == []
