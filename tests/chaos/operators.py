"""The house's operators: what they decide about withdrawals, charges, bans and debts, as by the command line.

They call what the commands call, under names of their own.  An operator whose store is away comes again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString, NamedTuple, TypeVar

import aiogram
import psycopg
from psycopg import sql

from chance_tap.environment import load_settings
from chance_tap.settings import Settings
from cli.commands.stores import Stores, open_bot, open_stores
from persistence.accounts.bans import Bans
from persistence.errors import StoreUnavailable
from persistence.payments.star_reconciliation import StarReconciliation
from persistence.payments.stars import StarPayments
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres import debts
from persistence.postgres.audit import Finding
from persistence.postgres.withdrawals import Decision
from tests.chaos.outside import Outside
from tests.chaos.product import Product
from tests.stand_ins.telegram import TelegramApi

S = TypeVar("S")

PATIENCE_S = 60.0
BY = "the operator"


class Operators:
    """`decided` counts what they did, by its name."""

    def __init__(self, product: Product, outside: Outside) -> None:
        self._product = product
        self._outside = outside
        self.decided: dict[str, int] = {}

    async def rows(self, query: LiteralString | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        """What the books say, past every wall: how an operator finds what to decide."""

        def look() -> list[tuple[Any, ...]]:
            with psycopg.connect(self._product.database_url, autocommit=True) as connection:
                found = connection.execute(query, values)
                return found.fetchall() if found.description else []

        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await asyncio.to_thread(look)
                except psycopg.OperationalError:
                    await asyncio.sleep(0.5)

    async def decide(self, withdrawal_ids: list[str], decision: Decision) -> list[str]:
        """Approve withdrawals, refuse them, or say that they have left."""

        async def review(desk: Desk, withdrawal_id: str) -> str:
            flows = Withdrawals(desk.stores.live, desk.stores.db, None, desk.settings)
            return (await flows.review(withdrawal_id, decision, by=BY)).status

        return await self._each(decision, withdrawal_ids, review)

    async def waiting(self) -> list[tuple[str, str]]:
        """Withdrawals that wait for an operator, and what for."""
        found = await self.rows(
            "SELECT withdrawal_id::text, waits_for FROM pay.withdrawals WHERE state = 'approval' ORDER BY number"
        )
        return [(withdrawal_id, waits_for) for withdrawal_id, waits_for in found]

    async def banned(self) -> list[int]:
        """One account of each person who is banned."""
        query: LiteralString = (
            "SELECT min(user_id) FROM auth.users WHERE banned_at IS NOT NULL GROUP BY person_id ORDER BY 1"
        )
        return [row[0] for row in await self.rows(query)]

    async def unban(self, user_ids: list[int]) -> None:
        async def unban(desk: Desk, user_id: int) -> str:
            return await Bans(desk.stores.live, desk.stores.db, desk.settings).unban(user_id, "looked at", BY)

        await self._each("unban", user_ids, unban)

    async def forgive(self, debt_ids: list[int]) -> None:
        async def forgive(desk: Desk, debt_id: int) -> str:
            return await debts.forgive(desk.stores.db, debt_id, reason="as a courtesy", by=BY)

        await self._each("forgive", debt_ids, forgive)

    async def open_debts(self) -> list[int]:
        found = await self.rows("SELECT debt_id FROM ledger.debts WHERE closed_at IS NULL ORDER BY 1")
        return [row[0] for row in found]

    async def days_pass(self, user_id: str) -> None:
        """Three of them, for a way into an account: no operator's work, but nobody else can turn the calendar."""
        columns = await self.rows(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'auth'"
            " AND table_name = 'email_logins' AND data_type = 'timestamp with time zone'"
        )
        for (column,) in columns:
            back = sql.SQL("UPDATE auth.email_logins SET {0} = {0} - interval '73 hours' WHERE user_id = %s")
            await self.rows(back.format(sql.Identifier(column)), int(user_id))

    async def send_back_what_is_nobodys(self) -> None:
        """Charges that could be credited to nobody go back to who paid, by the bot that has them."""

        async def refund(desk: Desk, charge_id: str) -> str:
            flows = StarPayments(desk.stores.live, desk.stores.db, desk.bot, desk.settings)
            return (await flows.refund(charge_id, by=BY)).status

        found = await self.rows("SELECT charge_id FROM pay.star_receipts WHERE state = 'review' ORDER BY number")
        charges = self._outside.charges()
        for bot in self._outside.bots:
            here = [charge_id for (charge_id,) in found if charge_id in charges and charges[charge_id][0] is bot]
            await self._each("refund", here, refund, bot)

    async def decide_the_rest(self, rng: random.Random) -> None:
        """Every withdrawal that waits: what surely left is paid, of the others some are sent and some refused."""
        decisions: dict[Decision, list[str]] = {"paid": [], "approve": [], "refuse": []}
        for withdrawal_id, waits_for in await self.waiting():
            if waits_for == "unknown":
                decision: Decision = "paid" if await self._has_left(withdrawal_id) else "refuse"
            else:
                decision = rng.choice(["approve", "refuse"])
            decisions[decision].append(withdrawal_id)
        for decision, chosen in decisions.items():
            await self.decide(chosen, decision)

    async def reconcile(self, bot: TelegramApi) -> list[Finding]:
        """Read all that one of the bots has, record what lacks; what differs."""
        found: list[Finding] = []

        async def reconcile(desk: Desk, _: TelegramApi) -> str:
            flows = StarPayments(desk.stores.live, desk.stores.db, desk.bot, desk.settings)
            reconciliation = StarReconciliation(desk.stores.db, desk.bot, flows, desk.settings)
            found[:] = (await reconciliation.reconcile(whole=True, grace_s=0)).differences
            return "ok"

        await self._each("reconcile", [bot], reconcile, bot)
        return found

    async def _has_left(self, withdrawal_id: str) -> bool:
        """Whether more gifts reached its player than withdrawals are known to be sent."""
        ((telegram_id, sent),) = await self.rows(
            """
            SELECT w.telegram_id, (SELECT coalesce(sum(s.stars), 0)::bigint FROM pay.withdrawals AS s
                WHERE s.telegram_id = w.telegram_id AND s.state = 'sent')
            FROM pay.withdrawals AS w WHERE w.withdrawal_id = %s::uuid
            """,
            withdrawal_id,
        )
        return self._outside.given(telegram_id)[2] > int(sent)

    async def _each(
        self,
        what: str,
        subjects: Sequence[S],
        do: Callable[["Desk", S], Awaitable[str]],
        bot: TelegramApi | None = None,
    ) -> list[str]:
        """At a desk of one of the bots, the present one if none is named; again, while something is away."""
        bot, said = bot or self._outside.bot, list[str]()
        settings = load_settings(
            self._product.environment
            | {
                "DATABASE_URL": self._product.database_url,
                "REDIS_URL": self._product.valkey.url,
                "BOT_TOKEN": bot.token,
                "TELEGRAM_API_URL": bot.url,
            }
        )
        async with asyncio.timeout(PATIENCE_S):
            while len(said) < len(subjects):
                try:
                    async with open_bot(settings) as client, open_stores(settings, "operator") as stores:
                        for subject in subjects[len(said) :]:
                            said.append(await do(Desk(stores, client, settings), subject))
                            name = what if said[-1] == "ok" else f"{what}: {said[-1]}"
                            self.decided[name] = self.decided.get(name, 0) + 1
                except StoreUnavailable:
                    await asyncio.sleep(0.5)
        return said


class Desk(NamedTuple):
    """What a command has open."""

    stores: Stores
    bot: aiogram.Bot
    settings: Settings
