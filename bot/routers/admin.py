"""What admins may do from the chat: /stats, /ban, /unban, /refund, /room.

Each is the function that the command line calls too, and is written down with the admin's number.  To everybody else
these commands do not exist.
"""

import re
from dataclasses import dataclass
from typing import Final

from aiogram import F, Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message

from bot import texts
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services
from persistence.accounts.bans import Bans
from persistence.postgres import games, operators, telegram_chats
from persistence.redis.keys import ROOM_ID

_USER: Final = re.compile(r"(?:(?P<user_id>[0-9]{1,18})|telegram:(?P<telegram_id>[0-9]{1,15})|@(?P<username>\w{1,64}))")


class IsAdmin(BaseFilter):
    """By the account's role, read anew for each message."""

    async def __call__(self, _message: Message, person: Person | None = None) -> bool:
        return person is not None and person.is_admin


async def stats(message: Message, services: Services, language: Language) -> None:
    numbers = await telegram_chats.stats(services.db)
    await say(message, texts.STATS[language].format(**numbers))


async def ban(message: Message, command: CommandObject, services: Services, person: Person, language: Language) -> None:
    """/ban and /unban."""
    named = _named(command)
    if named is None:
        await say(message, texts.USAGE[language].format(usage=f"/{command.command} USER [reason]"))
        return
    user_id, status = await _find(services, named), "not_found"
    if user_id is not None:
        bans = Bans(services.live, services.db, services.settings)
        change = bans.ban if command.command == "ban" else bans.unban
        status = await change(user_id, named.reason, _operator(person))
    await say(message, texts.DONE[language].format(what=f"{command.command} {user_id or named.word}", status=status))


async def refund(
    message: Message, command: CommandObject, services: Services, person: Person, language: Language
) -> None:
    charge_id = (command.args or "").strip()
    if not charge_id or len(charge_id) > 200 or not charge_id.isprintable():
        await say(message, texts.USAGE[language].format(usage="/refund CHARGE"))
        return
    result = await services.stars.refund(charge_id, by=_operator(person))
    state = f" ({result.receipt.state})" if result.receipt else ""
    await say(message, texts.DONE[language].format(what="refund", status=f"{result.status}{state}"))


async def room(message: Message, command: CommandObject, services: Services, language: Language) -> None:
    room_id = (command.args or "").strip().lower()
    if ROOM_ID.fullmatch(room_id) is None:
        await say(message, texts.USAGE[language].format(usage="/room ROOM"))
        return
    state = await services.live.rooms.snapshot(room_id)
    report = await games.report(services.db, room_id)
    lines = [room_id]
    if state is not None:
        lines.append(f"Redis: {state.kind} {state.state}, {state.stake} ⭐, {len(state.players)}/{state.capacity}")
    recorded = report["room"]
    if recorded is not None:
        lines.append(f"Postgres: {recorded['outcome']} {recorded['reason'] or ''} pool {recorded['pool']}")
        lines += [f"  {s['user_id']}: {s['state']} {s['amount']} ⭐, prize {s['prize']}" for s in report["seats"][:20]]
    if state is None and recorded is None:
        lines = [texts.NO_SUCH_ROOM[language]]
    await say(message, "\n".join(lines)[:4000])


@dataclass(frozen=True, slots=True)
class _Named:
    """Whom the first word of a command names, and the rest as the reason."""

    word: str
    user_id: int | None
    telegram_id: int | None
    username: str | None
    reason: str | None


def _named(command: CommandObject) -> _Named | None:
    """None: no account can be called that."""
    word, _, reason = " ".join((command.args or "").split()).partition(" ")
    found = _USER.fullmatch(word)
    if found is None:
        return None
    user_id, telegram_id = (int(found[name]) if found[name] else None for name in ("user_id", "telegram_id"))
    return _Named(word, user_id, telegram_id, found["username"], reason[: operators.MAX_REASON] or None)


async def _find(services: Services, named: _Named) -> int | None:
    if named.user_id is not None:
        return named.user_id
    return await operators.find(services.db, telegram_id=named.telegram_id, username=named.username)


def _operator(person: Person) -> str:
    return f"bot:{person.user_id}"


def build() -> Router:
    router = Router(name="admin")
    router.message.outer_middleware(KnowsPerson())
    router.message.filter(F.chat.type == "private", IsAdmin())
    for name, handler in (("stats", stats), ("ban", ban), ("unban", ban), ("refund", refund), ("room", room)):
        router.message.register(handler, Command(name))
    return router
