"""What must be true when everything is well again: the books in themselves, and against what the players were told.

Reads Postgres by its own SQL, not through the product, so that a fault in the product's audit cannot hide one here.
"""

import asyncio
import contextlib
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.redis.store import RedisStore
from persistence.rooms.audit import audit
from tests.chaos.players import Crowd, Told
from tests.chaos.scene import Scene
from tests.fixtures.waiting import eventually

SHOWN = 10
TOLD_S = 60.0

OPEN: LiteralString = """
    SELECT 'withdrawal', withdrawal_id::text, state::text, error FROM pay.withdrawals
    WHERE state NOT IN ('sent', 'returned')
    UNION ALL
    SELECT 'charge', charge_id, state::text, error FROM pay.star_receipts WHERE state IN ('review', 'refunding')"""

# A lease ends, a time to look again is there, and an answer that did not come is not to be expected any more: but
# nothing that may still be on its way to Telegram, whose answers take ten seconds at most.
LATER: tuple[LiteralString, ...] = (
    "UPDATE pay.star_receipts SET next_try_at = now() WHERE state = 'refunding'",
    """
    UPDATE pay.withdrawals
    SET next_try_at = now(), begun_at = CASE WHEN begun_at IS NOT NULL THEN begun_at - interval '20 minutes' END
    WHERE state = 'sending' AND (begun_at IS NULL OR begun_at < now() - interval '15 seconds')""",
)

# Each finds what is wrong; no row: nothing is.
RULES = {
    "all entries do not sum to zero": "SELECT sum(amount) FROM ledger.entries HAVING sum(amount) <> 0",
    "a transfer does not sum to zero": """
        SELECT transfer_id, sum(amount) FROM ledger.entries GROUP BY transfer_id HAVING sum(amount) <> 0""",
    "a balance is not the sum of its entries": """
        SELECT b.user_id, b.balance, coalesce(sum(e.amount), 0) FROM ledger.balances AS b
        LEFT JOIN ledger.entries AS e USING (account_id)
        GROUP BY b.account_id HAVING b.balance <> coalesce(sum(e.amount), 0)""",
    "an escrow is not empty": """
        SELECT a.room_id, sum(e.amount) FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id)
        WHERE a.kind = 'escrow' GROUP BY a.room_id HAVING sum(e.amount) <> 0""",
    "a room is not decided": "SELECT room_id FROM game.rooms WHERE outcome = 'open'",
    "a room is not settled or refunded exactly once": """
        SELECT r.room_id, r.outcome, count(t.transfer_id) FROM game.rooms AS r
        LEFT JOIN ledger.transfers AS t ON t.room_id = r.room_id AND t.kind = 'settle'
        GROUP BY r.room_id HAVING count(t.transfer_id) <> (r.outcome = 'settled')::int""",
    "a seat is not paid once, and given back or played for once": """
        SELECT s.seat_id, s.state, p.stakes, p.refunds FROM game.seats AS s, LATERAL (
            SELECT count(*) FILTER (WHERE t.key = 'stake:' || s.seat_id) AS stakes,
                count(*) FILTER (WHERE t.key = 'refund:' || s.seat_id) AS refunds
            FROM ledger.transfers AS t WHERE t.room_id = s.room_id
        ) AS p
        WHERE s.amount > 0 AND (s.state = 'live' OR p.stakes <> 1 OR p.refunds <> (s.state = 'refunded')::int)""",
    "a player is still bound to a room": "SELECT user_id, room_id FROM game.seats WHERE state = 'live'",
    "the total of Stars has changed": """
        SELECT sum(e.amount) AS held, c.stars FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id), (
            SELECT (SELECT coalesce(sum(e.amount), 0) FROM ledger.entries AS e
                    JOIN ledger.transfers AS t USING (transfer_id) WHERE t.kind = 'grant' AND e.amount > 0)
                + (SELECT coalesce(sum(r.stars), 0) FROM pay.star_receipts AS r
                    WHERE r.booked AND r.state NOT IN ('refunded', 'charged_back'))
                - (SELECT coalesce(sum(w.stars), 0) FROM pay.withdrawals AS w WHERE w.state = 'sent') AS stars
        ) AS c
        WHERE a.kind NOT IN ('demo', 'telegram', 'chain') GROUP BY c.stars HAVING sum(e.amount) <> c.stars""",
    "what is held is not what was asked for": """
        SELECT h.stars, w.stars FROM (
            SELECT coalesce(sum(e.amount), 0) AS stars
            FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'held'
        ) AS h, (
            SELECT coalesce(sum(w.stars), 0) AS stars FROM pay.withdrawals AS w
            WHERE w.state NOT IN ('sent', 'returned')
        ) AS w
        WHERE h.stars <> w.stars""",
    "the loss is not what is owed and was forgiven": """
        SELECT l.stars, d.stars FROM (
            SELECT coalesce(sum(e.amount), 0) AS stars
            FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'loss'
        ) AS l, (SELECT coalesce(sum(d.stars - d.paid), 0) AS stars FROM ledger.debts AS d) AS d
        WHERE l.stars <> -d.stars""",
    "somebody owes and has Stars": """
        SELECT o.person_id, b.user_id, b.balance, d.stars - d.paid FROM ledger.debts AS d
        JOIN auth.users AS o USING (user_id) JOIN auth.users AS p USING (person_id)
        JOIN ledger.balances AS b ON b.user_id = p.user_id
        WHERE d.closed_at IS NULL AND b.balance > 0 AND b.granted = 0""",
}


@dataclass
class Verdict:
    """What differs, and the figures that a report wants."""

    differs: list[str] = field(default_factory=list)
    rooms: dict[str, int] = field(default_factory=dict)
    dead_letters: int = 0
    money: dict[str, int] = field(default_factory=dict)
    """Stars in the end, by where they are."""
    unseen_ends: int = 0
    """Games whose end the player was not told and had to look up (a room that Redis lost)."""


async def settle_down(scene: Scene, within_s: float) -> list[str]:
    """Wait until no room is open and no result waits; what is left after that time."""
    left: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                left = await asyncio.to_thread(_open, scene.product.database_url)
                left += await _waiting(scene)
                if not left:
                    return []
                await asyncio.sleep(0.5)
    return left


def _open(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rooms = connection.execute("SELECT room_id FROM game.rooms WHERE outcome = 'open'").fetchall()
    return [f"room {room} is not decided" for (room,) in rooms]


async def _waiting(scene: Scene) -> list[str]:
    found = []
    async with scene.redis() as client:
        for number in range(keys.PARTITIONS):
            if count := await client.xlen(keys.partition(number).results):
                found.append(f"{count} results wait in partition {number}")
            if count := await client.zcard(keys.partition(number).due):
                found.append(f"{count} rooms are not let go in partition {number}")
    return found


async def pardon(scene: Scene) -> None:
    """What Telegram has to tell is told, and then every ban is lifted."""
    await eventually("every update is taken", lambda: scene.outside.is_quiet, within_s=TOLD_S)
    await scene.operators.reconcile(scene.outside.bot)
    await scene.operators.unban(await scene.operators.banned())


async def close_the_books(scene: Scene, rng: random.Random, within_s: float) -> list[str]:
    """Operators decide whatever waits, and time passes for what waits for time; what is open after that, and what
    differs between Telegram's books and ours."""
    left: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                await pardon(scene)
                await scene.operators.decide_the_rest(rng)
                await scene.operators.send_back_what_is_nobodys()
                for query in LATER:
                    await scene.operators.rows(query)
                left = [str(row) for row in await scene.operators.rows(OPEN)]
                if not left and scene.outside.is_quiet:
                    break
                await asyncio.sleep(1)
    found = [f"money is still under way: {each}" for each in left[:SHOWN]]
    for bot in scene.outside.bots:
        await scene.operators.reconcile(bot)
    # Sums are those of all bots: what differs is known only when each one's list is read.
    for bot in scene.outside.bots:
        found += [f"{bot.username}: {difference}" for difference in await scene.operators.reconcile(bot)]
    return found + scene.outside.breaches()


async def judge(scene: Scene, crowd: Crowd) -> Verdict:
    """Everything that differs from what must be."""
    verdict = Verdict()
    db = await Database.open(scene.product.database_url, name="chaos")
    live = await RedisStore.open(scene.product.valkey.url, heartbeat=False)
    try:
        verdict.differs += [f"audit: {finding}" for finding in await audit(live, db)]
    finally:
        await live.close()
        await db.close()
    with psycopg.connect(scene.product.database_url) as connection:
        for rule, query in RULES.items():
            verdict.differs += [f"{rule}: {row}" for row in connection.execute(query).fetchmany(SHOWN)]
        verdict.rooms = dict(connection.execute("SELECT outcome::text, count(*) FROM game.rooms GROUP BY 1").fetchall())
        _dead_letters(connection, scene, verdict)
        balances: dict[str, int] = dict(
            connection.execute("SELECT user_id::text, balance FROM ledger.balances").fetchall()
        )
        decisions: dict[str, dict[str, Any]] = dict(
            connection.execute("SELECT room_id, decision FROM game.rooms").fetchall()
        )
        people: dict[int, list[Told]] = defaultdict(list)
        for told in crowd.told:
            verdict.differs += _settled(told, decisions)
            people[told.account.who.telegram_id].append(told)
            user = told.account.user_id
            shown = await crowd.balance(told)
            if shown != balances[user]:
                verdict.differs.append(f"player {user} is shown {shown} Stars, the books say {balances[user]}")
        for telegram_id, accounts in people.items():
            held = 0
            for told in accounts:
                shown_withdrawals = await crowd.withdrawals(told)
                held += sum(each["stars"] for each in shown_withdrawals if each["state"] not in ("sent", "returned"))
            verdict.differs += _person(connection, scene, telegram_id, accounts, held, verdict)
        verdict.differs += _telegram(connection, scene, verdict)
    verdict.differs += crowd.broken
    return verdict


def _dead_letters(connection: psycopg.Connection[Any], scene: Scene, verdict: Verdict) -> None:
    """Only what was poisoned died.  A poisoned entry that Redis has forgotten with its last second is none."""
    rows = connection.execute("SELECT stream, entry_id, room_id, error FROM game.dead_letters").fetchall()
    verdict.dead_letters = len(rows)
    verdict.differs += [f"a result was given up: {row}" for row in rows if (int(row[0]), row[1]) not in scene.poisoned][
        :SHOWN
    ]


def _settled(told: Told, decisions: dict[str, dict[str, Any]]) -> list[str]:
    """The results that one player was told, against the record."""
    user, found = told.account.user_id, []
    for frame in told.settled:
        decision = decisions.get(frame["room_id"]) or {}
        recorded = {
            **{name: decision.get(name) for name in ("winner", "prize", "standings")},
            "payout": decision.get("payouts", {}).get(user),
            "balance": decision.get("balances", {}).get(user),
        }
        if any(frame[name] != value for name, value in recorded.items()):
            found.append(f"player {user} was told {frame} of a room that was decided as {recorded}")
    return found


def _games(connection: psycopg.Connection[Any], told: Told, verdict: Verdict) -> int:
    """What one account has won and lost by what its player was told; what nobody told is looked up."""
    change: dict[str, int] = {}
    unseen = set()
    for outcome in told.outcomes:
        if outcome.state == "settled":
            change[outcome.room_id] = change.get(outcome.room_id, 0) + outcome.payout - outcome.stake
        elif outcome.state != "cancelled":
            unseen.add(outcome.room_id)
    verdict.unseen_ends += len(unseen)
    for room_id in unseen:
        row = connection.execute(
            """
            SELECT coalesce(sum(e.amount), 0) FROM ledger.balances AS b JOIN ledger.entries AS e USING (account_id)
            JOIN ledger.transfers AS t USING (transfer_id) WHERE b.user_id = %s AND t.room_id = %s
            """,
            (told.account.user_id, room_id),
        ).fetchone()
        assert row is not None
        change[room_id] = int(row[0])
    return sum(change.values())


def _person(
    connection: psycopg.Connection[Any],
    scene: Scene,
    telegram_id: int,
    accounts: list[Told],
    held: int,
    verdict: Verdict,
) -> list[str]:
    """What a person has on all accounts, and does not owe, is what the games told, with what Telegram's books say of
    payments, of returns and of gifts.  `held`: in withdrawals that are open, as the player is shown them."""
    games = sum(_games(connection, told, verdict) for told in accounts)
    paid, back, gifts = scene.outside.given(telegram_id)
    row = connection.execute(
        """
        SELECT coalesce(sum(b.balance), 0)::bigint, (
            SELECT coalesce(sum(d.stars - d.paid), 0)::bigint
            FROM ledger.debts AS d JOIN auth.users AS o USING (user_id) WHERE o.person_id = p.person_id
        )
        FROM auth.users AS p JOIN auth.users AS u USING (person_id) JOIN ledger.balances AS b ON b.user_id = u.user_id
        WHERE p.user_id = %s GROUP BY p.person_id
        """,
        (accounts[0].account.user_id,),
    ).fetchone()
    assert row is not None
    balances, unpaid = row
    if balances - unpaid + held == games + paid - back - gifts:
        return []
    names = ", ".join(told.account.user_id for told in accounts)
    outcomes = [(each.room_id, each.state, each.payout - each.stake) for told in accounts for each in told.outcomes]
    return [
        f"player {names} has {balances} Stars, {held} held, {unpaid} not paid of debts; but games say {games}, and"
        f" Telegram {paid} paid, {back} back, {gifts} in gifts: {outcomes}"
    ]


def _telegram(connection: psycopg.Connection[Any], scene: Scene, verdict: Verdict) -> list[str]:
    """All Stars together: every charge of every bot is where Telegram says, and none is nowhere."""
    ours = {
        charge: (stars, state in ("refunded", "charged_back"))
        for charge, stars, state in connection.execute("SELECT charge_id, stars, state::text FROM pay.star_receipts")
    }
    theirs: dict[str, tuple[int, bool]] = {}
    for bot in scene.outside.bots:
        back = bot.book.of("out")
        theirs |= {charge: (stars, charge in back) for charge, stars in bot.book.of("in").items()}
    found = [
        f"charge {charge}: Telegram has {theirs.get(charge)}, we have {ours.get(charge)}"
        for charge in sorted(set(ours) | set(theirs))
        if ours.get(charge) != theirs.get(charge)
    ]
    kinds = dict(
        connection.execute(
            """
            SELECT a.kind::text, sum(e.amount)::bigint
            FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) GROUP BY a.kind
            """
        ).fetchall()
    )
    given = [scene.outside.given(told.account.who.telegram_id) for told in scene.crowd.active]
    paid, back, gifts = (sum(each) for each in zip(*given, strict=True))
    loss = -kinds.get("loss", 0)
    here = {"balances": kinds.get("player", 0), "house": kinds.get("house", 0), "held": kinds.get("held", 0)}
    verdict.money = {"stars_paid_in": paid, "stars_back": back, "stars_gifts": gifts, "stars_lost": loss}
    verdict.money |= {f"stars_{name}": stars for name, stars in here.items()}
    if paid + loss != sum(here.values()) + back + gifts:
        found.append(f"{paid} Stars came in and {loss} were lost, but there are {here}, {back} went back, {gifts} left")
    held = sum(bot.book.balance for bot in scene.outside.bots)
    if held != -kinds.get("telegram", 0):
        found.append(f"the bots hold {held} Stars, the account telegram says {-kinds.get('telegram', 0)}")
    return found[:SHOWN]
