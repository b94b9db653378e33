"""What the tests of payments share: a Bot API, players with Telegram accounts, and the flows on real stores."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import aiogram
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.payments.stars import Invoice, StarPayments
from persistence.postgres import ledger, payments
from persistence.postgres.audit import audit
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import Payment
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.telegram import make_bot
from tests.fixtures.accounts import new_player
from tests.payments.telegram import TOKEN, Telegram
from tests.stand_ins.telegram import TelegramApi

ENDPOINT = "/api/v1/payments/stars"
INVOICE = Invoice("Chance Tap: 50 Stars", "Adds 50 Stars.")

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Player:
    user_id: int
    telegram_id: int


@pytest.fixture
def telegram(telegram_api: TelegramApi) -> Telegram:
    return Telegram(telegram_api)


@pytest.fixture
def paying(settings: Settings, telegram: Telegram) -> Settings:
    """Settings with the way in open."""
    return replace(
        settings, bot_token=TOKEN, telegram_api_url=telegram.url, stars_deposits="on", stars_min=1, stars_max=1000
    )


@pytest_asyncio.fixture
async def bot(paying: Settings) -> AsyncIterator[aiogram.Bot]:
    made = make_bot(paying)
    yield made
    await made.session.close()


@dataclass
class World:
    """The flows on both stores and the Bot API."""

    settings: Settings
    live: RedisStore
    db: Database
    telegram: Telegram
    bot: aiogram.Bot | None

    @property
    def stars(self) -> StarPayments:
        return StarPayments(self.live, self.db, self.bot, self.settings)

    def with_settings(self, **changes: object) -> "World":
        return replace(self, settings=replace(self.settings, **changes))  # type: ignore[arg-type]

    async def player(self) -> Player:
        telegram_id = 7_000_000 + next(_numbers)
        return Player(await new_player(self.db, telegram_id=telegram_id, name="Payer"), telegram_id)

    async def order(self, player: Player, amount: int = 50, key: str | None = None) -> Payment:
        """An order whose invoice has a link."""
        ordered = await self.stars.order(
            player.user_id,
            amount,
            INVOICE,
            IdempotencyKey(ENDPOINT, key or f"key-{next(_numbers)}", b"body-%d" % amount),
        )
        assert ordered.payment is not None
        assert ordered.payment.invoice_link is not None
        return ordered.payment

    async def payment(self, payment: Payment) -> Payment:
        found = await payments.one(self.db, payment.user_id, payment.payment_id)
        assert found is not None
        return found

    async def balance(self, player: Player) -> int:
        return await ledger.balance(self.db, player.user_id)

    async def clean(self) -> None:
        assert await audit(self.db) == []


@pytest_asyncio.fixture
async def world(
    paying: Settings, live: RedisStore, db: Database, telegram: Telegram, bot: aiogram.Bot
) -> AsyncIterator[World]:
    world = World(paying, live, db, telegram, bot)
    yield world
    await world.clean()
