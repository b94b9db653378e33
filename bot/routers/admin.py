"""What admins may do from the chat: /stats, /ban, /unban, /refund, /room.

Each is the function that the command line calls too, and is written down with the admin's number.  To everybody else
these commands do not exist.
"""

import re
from typing import Final

from aiogram import F, Router
from aiogram.filters import BaseFilter, Command, CommandObject
from aiogram.types import Message

from bot import texts
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services
from persistence.bans import Bans
from persistence.postgres import bot, games, operators
from persistence.redis.keys import ROOM_ID

_USER: Final = re.compile(r"(?:(?P<user_id>[0-9]{1,18})|telegram:(?P<telegram_id>[0-9]{1,15})|@(?P<username>\w{1,64}))")


class IsAdmin(BaseFilter):
    """By the account's role, read anew for each message."""

    async def __call__(self, _message: Message, person: Person | None = None) -> bool:
        return person is not None and person.is_admin


async def stats(message: Message, services: Services, language: Language) -> None:
    numbers = await bot.stats(services.db)
    await say(message, texts.STATS[language].format(**numbers))


async def ban(message: Message, command: CommandObject, services: Services, person: Person, language: Language) -> None:
    user_id, reason = await _target(services, command)
    if user_id is None:
        await say(message, texts.USAGE[language].format(usage="/ban USER [reason]"))
        return
    bans = Bans(services.live, services.db, services.settings)
    status = await bans.ban(user_id, reason, _operator(person))
    await say(message, texts.DONE[language].format(what=f"ban {user_id}", status=status))


async def unban(
    message: Message, command: CommandObject, services: Services, person: Person, language: Language
) -> None:
    user_id, reason = await _target(services, command)
    if user_id is None:
        await say(message, texts.USAGE[language].format(usage="/unban USER [reason]"))
        return
    bans = Bans(services.live, services.db, services.settings)
    status = await bans.unban(user_id, reason, _operator(person))
    await say(message, texts.DONE[language].format(what=f"unban {user_id}", status=status))


async def refund(
    message: Message, command: CommandObject, services: Services, person: Person, language: Language
) -> None:
    charge_id = (command.args or "").strip()
    if not charge_id or len(charge_id) > 200 or not charge_id.isprintable():
        await say(message, texts.USAGE[language].format(usage="/refund CHARGE"))
        return
    standing = await services.stars.refund(charge_id, by=_operator(person))
    state = f" ({standing.receipt.state})" if standing.receipt else ""
    await say(message, texts.DONE[language].format(what="refund", status=f"{standing.status}{state}"))


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


async def _target(services: Services, command: CommandObject) -> tuple[int | None, str | None]:
    """The account that the first word names, and the rest as the reason."""
    name, _, reason = (command.args or "").strip().partition(" ")
    found = _USER.fullmatch(name)
    if found is None:
        return None, None
    kept = reason.strip()[: operators.MAX_REASON] or None
    if found["user_id"]:
        return int(found["user_id"]), kept
    telegram_id = int(found["telegram_id"]) if found["telegram_id"] else None
    return await operators.find(services.db, telegram_id=telegram_id, username=found["username"]), kept


def _operator(person: Person) -> str:
    return f"bot:{person.user_id}"


def build() -> Router:
    router = Router(name="admin")
    router.message.outer_middleware(KnowsPerson())
    router.message.filter(F.chat.type == "private", IsAdmin())
    for name, handler in (("stats", stats), ("ban", ban), ("unban", unban), ("refund", refund), ("room", room)):
        router.message.register(handler, Command(name))
    return router
