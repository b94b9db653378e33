"""Telegram beside the product: a Bot API server for each bot it has had, on a road of ours, and never faulted itself.

Owns the bots and who their people are.  Knows nothing of games; its books are what ours are held against.
"""

import asyncio
from urllib.parse import urlsplit

from cli.simulate.identity import Identity
from tests.chaos.wires import Door, Road
from tests.fixtures.outside import WEBHOOK_SECRET
from tests.stand_ins.bot_api.people import Person
from tests.stand_ins.telegram import TelegramApi

_TOKENS = (
    "7000000001:AAE-a-token-for-tests-of-thirty-five-c",
    "7000000002:AAF-the-token-of-the-second-bot-in-it-",
)


class Outside:
    """`bots`: the product's is the last; the earlier ones keep their people, their charges and their way to us."""

    def __init__(self) -> None:
        self.bots: list[TelegramApi] = []
        self.road = Road("telegram", self._address)
        self.door = Door(lambda: self.road)
        self._people: dict[tuple[int, int], Person] = {}

    @property
    def bot(self) -> TelegramApi:
        return self.bots[-1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def environment(self) -> dict[str, str]:
        """What parts are told of it."""
        return {
            "BOT_TOKEN": self.bot.token,
            "BOT_USERNAME": self.bot.username,
            "TELEGRAM_API_URL": self.url,
            "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "MINI_APP_URL": "https://play.example/",
        }

    async def open(self) -> None:
        await self.add_bot()
        await self.door.open()

    async def add_bot(self) -> bool:
        """One more, to which the road leads from now on; False: there were two already."""
        if len(self.bots) == len(_TOKENS):
            return False
        number = len(self.bots)
        bot = TelegramApi(_TOKENS[number], f"chance_tap_{number + 1}_bot")
        await asyncio.to_thread(bot.start)
        self.bots.append(bot)
        self.road.reset()
        return True

    def deliver_to(self, url: str) -> None:
        """The present bot's webhook is there."""
        self.bot.webhook_at(url + "/telegram/webhook", WEBHOOK_SECRET)

    def person(self, who: Identity, bot: TelegramApi | None = None) -> Person:
        """Somebody as a bot (the present one) knows them."""
        bot = bot or self.bot
        key = (self.bots.index(bot), who.telegram_id)
        if key not in self._people:
            self._people[key] = bot.person(who.first_name, language_code=who.language_code, user_id=who.telegram_id)
        return self._people[key]

    def charges(self) -> dict[str, tuple[TelegramApi, Person]]:
        """What was paid and never went back, of all bots, by Telegram's id: the bot's it was, and who paid."""
        found = {}
        for number, bot in enumerate(self.bots):
            back = bot.book.of("out")
            for entry in bot.book.transactions:
                if "source" in entry and entry["id"] not in back:
                    found[str(entry["id"])] = (bot, self._people[number, entry["source"]["user"]["id"]])
        return found

    def given(self, telegram_id: int) -> tuple[int, int, int]:
        """By all bots' books, in Stars: what a person paid in, what went back, and what their Premium cost."""
        paid = back = gifts = 0
        for bot in self.bots:
            for entry in bot.book.transactions:
                partner = entry.get("source") or entry["receiver"]
                if partner["user"]["id"] != telegram_id:
                    continue
                if "source" in entry:
                    paid += entry["amount"]
                elif partner["transaction_type"] == "premium_purchase":
                    gifts += entry["amount"]
                else:
                    back += entry["amount"]
        return paid, back, gifts

    @property
    def is_quiet(self) -> bool:
        """No update is on its way to the product."""
        return all(bot.is_quiet for bot in self.bots)

    def breaches(self) -> list[str]:
        return [f"against the Bot API's documentation: {breach}" for bot in self.bots for breach in bot.breaches]

    async def close(self) -> None:
        await self.door.close()
        for bot in self.bots:
            await asyncio.to_thread(bot.stop)

    def _address(self) -> tuple[str, int]:
        return "127.0.0.1", urlsplit(self.bot.url).port or 0
