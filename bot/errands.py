"""What admins may have done from the chat: /stats, /ban, /unban, /refund, /room.

Runs in the worker, on the errand of an admin whom Postgres has found to be one; each is the flow that the command line
calls too.  Must never be called by what listens to the chat: a gateway only writes down who asked what.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot import texts
from bot.language import Language, language_for
from persistence.accounts.bans import Bans
from persistence.payments.stars import StarPayments
from persistence.postgres import errands, games, operators, telegram_chats
from persistence.postgres.acting import Errand
from persistence.postgres.pool import Database
from persistence.postgres.storable import NO_TEXT
from persistence.redis.keys import ROOM_ID
from persistence.redis.store import RedisStore

COMMANDS: Final = ("stats", "ban", "unban", "refund", "room")
LONGEST_ANSWER: Final = 4000
_COMMAND: Final = re.compile(r"/(?P<name>[a-z]+)(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL)
_USER: Final = re.compile(r"(?:(?P<user_id>[0-9]{1,18})|telegram:(?P<telegram_id>[0-9]{1,15})|@(?P<username>\w{1,64}))")


@dataclass(frozen=True, slots=True)
class Means:
    """What errands are done with."""

    db: Database
    live: RedisStore
    stars: StarPayments
    bans: Bans


@dataclass(frozen=True, slots=True)
class _Asked:
    """One command: the words after it, who does it by whose wish, and the language of the answer."""

    name: str
    rest: str
    by: Errand
    language: Language


async def carry_out(means: Means, asked: errands.Asked) -> str:
    """Do it; the answer for the admin.

    Raises:
        StoreUnavailable: it may be done again.
    """
    language = language_for(asked.language)
    found = _COMMAND.fullmatch(asked.words.strip())
    if found is None or found["name"] not in _HANDLERS:
        return texts.USAGE[language].format(usage=" ".join(f"/{name}" for name in COMMANDS))
    command = _Asked(found["name"], (found["rest"] or "").strip(), Errand(asked.user_id), language)
    return (await _HANDLERS[command.name](means, command))[:LONGEST_ANSWER]


async def _stats(means: Means, asked: _Asked) -> str:
    return texts.STATS[asked.language].format(**await telegram_chats.stats(means.db, by=asked.by))


async def _ban(means: Means, asked: _Asked) -> str:
    """/ban and /unban."""
    named = _named(asked.rest)
    if named is None:
        return texts.USAGE[asked.language].format(usage=f"/{asked.name} USER [reason]")
    user_id, status = await _find(means.db, named, asked.by), "not_found"
    if user_id is not None:
        change = means.bans.ban if asked.name == "ban" else means.bans.unban
        status = await change(user_id, named.reason, asked.by)
    return texts.DONE[asked.language].format(what=f"{asked.name} {user_id or named.word}", status=status)


async def _refund(means: Means, asked: _Asked) -> str:
    charge_id = asked.rest
    if not charge_id or len(charge_id) > 200 or not charge_id.isprintable() or NO_TEXT in charge_id:
        return texts.USAGE[asked.language].format(usage="/refund CHARGE")
    result = await means.stars.refund(charge_id, by=asked.by)
    state = f" ({result.receipt.state})" if result.receipt else ""
    return texts.DONE[asked.language].format(what="refund", status=f"{result.status}{state}")


async def _room(means: Means, asked: _Asked) -> str:
    room_id = asked.rest.lower()
    if ROOM_ID.fullmatch(room_id) is None:
        return texts.USAGE[asked.language].format(usage="/room ROOM")
    state = await means.live.rooms.snapshot(room_id)
    report = await games.report(means.db, room_id)
    lines = [room_id]
    if state is not None:
        lines.append(f"Redis: {state.kind} {state.state}, {state.stake} ⭐, {len(state.players)}/{state.capacity}")
    recorded = report["room"]
    if recorded is not None:
        lines.append(f"Postgres: {recorded['outcome']} {recorded['reason'] or ''} pool {recorded['pool']}")
        lines += [f"  {s['user_id']}: {s['state']} {s['amount']} ⭐, prize {s['prize']}" for s in report["seats"][:20]]
    if state is None and recorded is None:
        return texts.NO_SUCH_ROOM[asked.language]
    return "\n".join(lines)


_HANDLERS: Final[dict[str, Callable[[Means, _Asked], Awaitable[str]]]] = {
    "stats": _stats,
    "ban": _ban,
    "unban": _ban,
    "refund": _refund,
    "room": _room,
}


@dataclass(frozen=True, slots=True)
class _Named:
    """Whom the first word of a command names, and the rest as the reason."""

    word: str
    user_id: int | None
    telegram_id: int | None
    username: str | None
    reason: str | None


def _named(rest: str) -> _Named | None:
    """None: no account can be called that."""
    word, _, reason = " ".join(rest.split()).partition(" ")
    found = _USER.fullmatch(word)
    if found is None:
        return None
    user_id, telegram_id = (int(found[name]) if found[name] else None for name in ("user_id", "telegram_id"))
    return _Named(word, user_id, telegram_id, found["username"], reason[: operators.MAX_REASON] or None)


async def _find(db: Database, named: _Named, by: Errand) -> int | None:
    if named.user_id is not None:
        return named.user_id
    return await operators.find(db, telegram_id=named.telegram_id, username=named.username, by=by)
