"""What the tests of withdrawals share: players with wallets, the paying wallet on a chain, the Bot API."""

import dataclasses
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiogram
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chance_tap.settings import Settings
from persistence.chain import ProvenWallet
from persistence.payments.payouts import Payouts, TonMethod
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres import ledger, records, wallets, withdrawals
from persistence.postgres.audit import audit
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.records import NewRecord
from persistence.postgres.withdrawals import Requested, Withdrawal
from persistence.redis.store import RedisStore
from persistence.telegram import make_bot
from persistence.ton.exchange_rates import FixedRate
from persistence.ton.highload import HighloadChain, HighloadWallet
from persistence.ton.toncenter import Toncenter
from tests.fixtures.accounts import earn, new_player
from tests.payments.telegram import TOKEN, Telegram
from tests.stand_ins.highload import HighloadContract, HighloadToncenter
from tests.stand_ins.telegram import TelegramApi

KEY = "11" * 32
RATE = 3_000_000
STARS = 5_000
ENDPOINT = "/api/v1/withdrawals"
HOLD_MS = 60_000


class Clock:
    """Stands for the live store with a clock that the test sets; everything else is the store's."""

    def __init__(self, live: RedisStore) -> None:
        self._live = live
        self.ms = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def __getattr__(self, name: str) -> Any:
        return getattr(self._live, name)


class Gifts(Telegram):
    """The Bot API server, with a bot that has Stars to give."""

    def hold(self, stars: int) -> None:
        """The bot has so many Stars from now on."""
        self.api.book.balance = stars

    def forget(self, person: int) -> None:
        """Somebody deleted the account."""
        self.api._world.accounts.pop(person)

    def gifts(self, person: int) -> int:
        return sum("receiver" in each and each["receiver"]["user"]["id"] == person for each in self.book)


@dataclass(frozen=True)
class Player:
    user_id: int
    telegram_id: int
    address: str


@dataclass
class World:
    """Everything that withdrawals touch.  Rounds are made by hand; the clocks stand still between them."""

    settings: Settings
    clock: Clock
    db: Any
    chain: HighloadContract
    toncenter: HighloadToncenter
    telegram: Gifts
    bot: aiogram.Bot
    client: Toncenter

    @property
    def flow(self) -> Withdrawals:
        return Withdrawals(self.clock, self.db, FixedRate(RATE), self.settings)  # type: ignore[arg-type]

    def payouts(self, db: Any = None, chain: Any = None, bot: Any = None) -> Payouts:
        wallet = HighloadWallet.from_settings(self.settings)
        way = TonMethod("mainnet", wallet, chain or HighloadChain(self.client))
        return Payouts(self.clock, db or self.db, ton=way, bot=bot or self.bot)  # type: ignore[arg-type]

    def having(self, **changes: Any) -> "World":
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **changes))

    async def player(self, stars: int = STARS, *, wallet: bool = True) -> Player:
        telegram_id = secrets.randbelow(2**40) + 1
        user_id = await new_player(self.db, telegram_id=telegram_id, name="Winner")
        await earn(self.db, user_id, stars)
        self.telegram.api.person("Winner", user_id=telegram_id)
        address = f"0:{secrets.token_hex(32)}"
        if wallet:
            assert await wallets.link(self.db, user_id, ProvenWallet(address, "mainnet", "ab" * 32)) == "ok"
        return Player(user_id, telegram_id, address)

    async def request(
        self, player: Player, stars: int = 1000, *, months: int | None = None, key: str | None = None
    ) -> Requested:
        return await self.flow.request(
            player.user_id,
            IdempotencyKey(ENDPOINT, key or secrets.token_hex(8), b"%d" % stars),
            method="ton" if months is None else "premium",
            stars=stars,
            months=months,
        )

    async def requested(self, player: Player, stars: int = 1000, *, months: int | None = None) -> Withdrawal:
        made = (await self.request(player, stars, months=months)).withdrawal
        assert made is not None
        return made

    async def round(self, payouts: Payouts | None = None, *, ms: int = 5_000) -> None:
        """One round of every loop, a little later."""
        self.pass_time(ms)
        worker = payouts or self.payouts()
        await worker.release()
        await worker.send_ton()
        await worker.send_premium()

    def pass_time(self, ms: int) -> None:
        self.clock.ms += ms
        self.chain.now_s = self.clock.ms // 1000

    async def state(self, withdrawal: Withdrawal) -> Withdrawal:
        found = await withdrawals.report(self.db, withdrawal.withdrawal_id)
        assert found is not None
        return found[0]

    async def balance(self, player: Player) -> int:
        return await ledger.balance(self.db, player.user_id)

    def times_paid(self, player: Player) -> int:
        return sum(each.destination == player.address for each in self.chain.paid)

    async def clean(self) -> None:
        assert await audit(self.db) == []


async def judge(world: World, room_id: str, *flagged: Player, **facts: Any) -> None:
    """The worker has made the record: its signals ask for a look at some."""
    signals = [{"user_id": player.user_id, "score": 0.9, "review": True, "signals": [], **facts} for player in flagged]
    digest = hashlib.sha256(room_id.encode()).digest()
    record = NewRecord(room_id, digest.hex()[:16], digest, "complete", digest, b"", signals, {})
    assert await records.put(world.db, record)


@pytest_asyncio.fixture
async def world(settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    paying = dataclasses.replace(
        settings,
        bot_token=TOKEN,
        withdrawals_ton="on",
        withdrawals_premium="on",
        ton_payout_key=KEY,
        ton_nanoton_per_star=RATE,
        ton_spread_bps=0,
        withdrawal_hold_s=HOLD_MS // 1000,
        withdrawal_approval_stars=2_000,
    )
    wallet = HighloadWallet.from_settings(paying)
    public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEY)).public_key().public_bytes_raw()
    chain = HighloadContract(wallet.address, public, paying.ton_payout_subwallet, paying.ton_payout_timeout_s)
    toncenter = await HighloadToncenter(chain).start()
    api = TelegramApi()
    api.start()
    telegram = Gifts(api)
    telegram.hold(1_000_000)
    paying = dataclasses.replace(paying, telegram_api_url=telegram.url, toncenter_url=toncenter.url)
    bot = make_bot(paying)
    client = Toncenter(toncenter.url, per_s=1e6, pause_s=0.001)
    world = World(paying, Clock(live), db, chain, toncenter, telegram, bot, client)
    yield world
    await client.close()
    await bot.session.close()
    api.stop()
    assert not api.breaches
    await toncenter.stop()
    await world.clean()


@pytest.fixture
def hold_ms() -> int:
    return HOLD_MS
