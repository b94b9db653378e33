"""Money as players see it: orders that they pay in Telegram's window, withdrawals, other ways to log in.

Knows the public protocol, the chat's side of a payment and the mails that come; never the books.
"""

import asyncio
import re
import uuid
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from cli.simulate.api import Account, Api, ApiError
from cli.simulate.identity import Identity, init_data
from tests.chaos.outside import Outside
from tests.stand_ins.telegram import TelegramApi

PASSWORD = "correct horse battery staple"
MAIL_S = 60.0
CREDIT_LOOKS = 60
CREDIT_LOOK_S = 0.5
"""The update of a payment may be lost: then it is credited when Telegram's book is read again."""
PREMIUM_STARS = 1000
LATER = ("unreachable", "temporarily_unavailable", "rate_limited", "idempotency_in_progress", "unreadable_answer")
_TOKEN = re.compile(r"#\w+=(\S+)")


@dataclass(frozen=True, slots=True)
class Correspondent(Identity):
    """Who logs in by e-mail."""

    email: str


class MoneyApi(Api):
    """The REST interface with what moves Stars in it.  A session that was ended is replaced by a log-in."""

    def __init__(self, url: str, outside: Outside, mails: Path, *, connections: int) -> None:
        super().__init__(url, "", connections=connections)
        self._outside = outside
        self._mails = mails

    async def log_in(self, who: Identity) -> Account:
        """As the Mini App of the present bot does, or by e-mail."""
        if isinstance(who, Correspondent):
            answer = await super()._call("POST", "/auth/login", body={"email": who.email, "password": PASSWORD})
        else:
            answer = await super()._call("POST", "/auth/telegram", body={"init_data": self._init_data(who)})
        user = answer["user"]
        return Account(who, user["user_id"], answer["token"], user["balance"], user["room_id"])

    async def order(self, account: Account, stars: int) -> dict[str, Any]:
        """An order of Stars with its invoice."""
        return await self._payment("POST", "/payments/stars", account, {"stars": stars})

    async def payment(self, account: Account, payment_id: str) -> dict[str, Any]:
        return await self._payment("GET", f"/payments/{payment_id}", account)

    async def withdraw(self, account: Account) -> dict[str, Any]:
        """Ask for three months of Premium."""
        wanted = {"stars": PREMIUM_STARS, "method": "premium", "months": 3}
        answer = await self._call("POST", "/withdrawals", account, wanted, {"Idempotency-Key": str(uuid.uuid4())})
        withdrawal = answer["withdrawal"]
        assert isinstance(withdrawal, dict)
        return withdrawal

    async def withdrawals(self, account: Account) -> list[dict[str, Any]]:
        """All of the account."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self._call("GET", f"/withdrawals?limit=100{cursor}", account)
            found += answer["withdrawals"]
            if answer["next_cursor"] is None:
                return found
            cursor = f"&cursor={answer['next_cursor']}"

    async def link_email(self, account: Account) -> None:
        """Add an address to log in with, by the mail that comes to it; again, where an answer or a mail was lost."""
        email = _address(account)
        while True:
            proof = {"own_init_data": self._init_data(account.who)}
            try:
                await self._call("POST", "/auth/link", account, {"email": email, "password": PASSWORD} | proof)
            except ApiError as error:
                if error.code != "conflict":
                    raise
                return
            token = await self._mailed(email)
            try:
                answer = await self._call("POST", "/auth/verify", body={"token": token, "password": PASSWORD})
            except ApiError as error:
                if error.code != "not_found":
                    raise
            else:
                account.token = answer["token"]
                return

    async def unlink_telegram(self, account: Account) -> Account:
        """Take Telegram away from an account, which is then one of its address alone."""
        who = account.who
        there = Correspondent(
            who.telegram_id, who.first_name, who.last_name, who.username, who.language_code, _address(account)
        )  # fmt: skip
        by_mail = Account(there, account.user_id, account.token, account.balance, account.room_id)
        while True:
            try:
                answer = await self._call("POST", "/auth/unlink", by_mail, {"way": "telegram", "password": PASSWORD})
            except ApiError as error:
                if error.code == "conflict":  # it is done, and the answer was lost
                    return by_mail
                if error.code not in LATER:
                    raise
            else:
                by_mail.token = answer["token"]
                return by_mail

    async def _call(
        self,
        method: str,
        path: str,
        account: Account | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            return await super()._call(method, path, account, body, headers)
        except ApiError as error:
            if error.code != "unauthorized" or account is None:
                raise
        again = await self.log_in(account.who)
        if again.user_id != account.user_id:
            raise ApiError(401, "another_account")
        account.token = again.token
        return await super()._call(method, path, account, body, headers)

    async def _payment(
        self, method: str, path: str, account: Account, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())} if body else {}
        payment = (await self._call(method, path, account, body, headers))["payment"]
        assert isinstance(payment, dict)
        return payment

    async def _mailed(self, email: str) -> str:
        """The token in the newest mail to an address."""
        async with asyncio.timeout(MAIL_S):
            while True:
                for path in sorted(self._mails.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True):
                    mail = message_from_bytes(path.read_bytes(), policy=default)
                    text = mail.get_body(("plain",))
                    found = text and email in mail["To"] and _TOKEN.search(text.get_content())
                    if found:
                        return found[1]
                await asyncio.sleep(0.2)

    def _init_data(self, who: Identity) -> str:
        return init_data(who, self._outside.bot.token)


def _address(account: Account) -> str:
    return f"{account.user_id}@players.example"


class Purse:
    """What one player pays with: Stars bought from Telegram."""

    def __init__(self, api: MoneyApi, outside: Outside, account: Account) -> None:
        self._api = api
        self._outside = outside
        self._account = account
        self._unpaid: tuple[TelegramApi, dict[str, Any]] | None = None
        self.paid = 0

    async def pay_in(self, stars: int, *, twice: bool = False) -> None:
        """Order Stars and pay them, or pay what was ordered before; nothing comes of it while the bot is silent.
        `twice`: the same invoice once more, as from another device.

        Raises:
            ApiError: the product refuses.
        """
        bot, order = self._unpaid or (self._outside.bot, None)
        if order is None or bot is not self._outside.bot:
            bot, order = self._outside.bot, await self._api.order(self._account, stars)
            self._unpaid = (bot, order)
        person = self._outside.person(self._account.who, bot)
        outcome = await person.pays(order["invoice_link"])
        if outcome.paid:
            self.paid += 1
            if twice:
                person.is_charged(order["invoice_link"])
        elif outcome.late:
            return
        self._unpaid = None
        if outcome.paid:
            for _ in range(CREDIT_LOOKS):
                if (await self._api.payment(self._account, order["payment_id"]))["state"] != "pending":
                    break
                await asyncio.sleep(CREDIT_LOOK_S)
