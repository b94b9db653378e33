"""Events of money, one function a kind: what Telegram takes back, what operators decide, who takes another account.

Like faults they come in the schedule and draw from the seed; unlike them they find in the books whom to happen to.
"""

import asyncio
import contextlib
import random
from typing import LiteralString

from persistence.postgres.withdrawals import Decision
from tests.chaos.scene import Action, Scene

ACCOUNT_S = 60.0
"""For a player to end its game and to go through mails and log-ins."""

# Charges that are credited, by what became of their Stars.
_CREDITED: LiteralString = """
    SELECT r.charge_id FROM pay.star_receipts AS r JOIN ledger.balances AS b USING (user_id)
    WHERE r.state = 'credited'
"""
_WHERE: dict[str, LiteralString] = {
    "staked": " AND b.balance < r.stars AND r.user_id IN (SELECT user_id FROM game.seats WHERE state = 'live')",
    "held": """ AND b.balance < r.stars
        AND r.user_id IN (SELECT user_id FROM pay.withdrawals WHERE state NOT IN ('sent', 'returned'))""",
    "spent": " AND b.balance < r.stars",
    "there": " AND b.balance >= r.stars",
}


async def charged_back(scene: Scene, rng: random.Random) -> str:
    """Telegram takes back a charge whose Stars are staked, one whose are held, one whose are spent, and one more."""
    done = []
    for what, where in _WHERE.items():
        found = [row[0] for row in await scene.operators.rows(_CREDITED + where + " ORDER BY r.number")]
        if found and _take_back(scene, rng.choice(found)):
            done.append(what)
    return f"charges whose Stars were {', '.join(done)}" if done else "nothing to take back"


def _take_back(scene: Scene, charge_id: str) -> bool:
    """Whether it still was there to take."""
    held = scene.outside.charges().get(charge_id)
    if held is None:
        return False
    bot, person = held
    bot.charges_back(person, charge_id)
    scene.charged_back += 1
    return True


async def withdrawal_refused(scene: Scene, rng: random.Random) -> str:
    return await _decided(scene, rng, "refuse")


async def withdrawal_approved(scene: Scene, rng: random.Random) -> str:
    return await _decided(scene, rng, "approve")


async def _decided(scene: Scene, rng: random.Random, decision: Decision) -> str:
    """Half of the withdrawals that wait for a yes or no, one at least."""
    waiting = [each for each, waits_for in await scene.operators.waiting() if waits_for != "unknown"]
    chosen = rng.sample(waiting, (len(waiting) + 1) // 2)
    said = await scene.operators.decide(chosen, decision)
    return f"{len(chosen)} of {len(waiting)} that wait: {', '.join(sorted(set(said))) or 'none'}"


async def banned_looked_at(scene: Scene, rng: random.Random) -> str:
    """Operators lift bans, and forgive some debts; who still owes plays on and pays."""
    banned, debts = await scene.operators.banned(), await scene.operators.open_debts()
    forgiven = [debt_id for debt_id in debts if rng.random() < 0.4]
    await scene.operators.forgive(forgiven)
    await scene.operators.unban(banned)
    return f"{len(banned)} bans lifted, {len(forgiven)} of {len(debts)} debts forgiven"


async def unlinked(scene: Scene, rng: random.Random) -> str:
    """A player links an address, unlinks Telegram and logs in anew; then old charges are taken back."""
    told = rng.choice([told for told in scene.crowd.active if not told.restless and not told.banned])
    told.restless = True
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(told.left_behind.wait(), ACCOUNT_S)
    if not told.retired:
        return f"player {told.account.user_id} has not come to it yet"
    query = _CREDITED + " AND r.user_id = %s ORDER BY r.number"
    found = [row[0] for row in await scene.operators.rows(query, int(told.account.user_id))]
    taken = [charge for charge in found if rng.random() < 0.7 and _take_back(scene, charge)]
    return f"player {told.account.user_id}; then {len(taken)} of its {len(found)} charges taken back"


async def bot_replaced(scene: Scene, rng: random.Random) -> str:
    """Everything is started again with the token of another bot; the first one's charges and gifts are still there."""
    if not await scene.outside.add_bot():
        return "it was replaced before"
    scene.outside.deliver_to(scene.product.url)
    scene.product.environment |= scene.outside.environment()
    away_s = rng.uniform(0.1, 2)
    for part in scene.product.parts:
        part.kill()
    await asyncio.sleep(away_s)
    for part in scene.product.parts:
        part.start()
    return f"everything away for {away_s:.1f} s"


MONEY: dict[str, Action] = {
    action.__name__: action
    for action in (charged_back, withdrawal_refused, withdrawal_approved, banned_looked_at, unlinked, bot_replaced)
}
