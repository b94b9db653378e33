"""Players hear what became of a withdrawal, once, and nothing of what Telegram or the chain said about it."""

import psycopg

from persistence.postgres.withdrawals import Withdrawal
from tests.payouts.conftest import HOLD_MS, Player, World


def told(world: World, player: Player) -> list[tuple[str, str, int, str]]:
    """Kind, subject, Stars and reason of the player's notices, but for where the Stars were from."""
    with psycopg.connect(world.settings.database_url) as connection:
        return connection.execute(
            "SELECT kind, subject, amount, reason FROM bot.notices WHERE user_id = %s AND kind <> 'bonus'"
            " ORDER BY notice_id",
            [player.user_id],
        ).fetchall()


def sent(withdrawal: Withdrawal) -> tuple[str, str, int, str]:
    return "withdrawal_sent", withdrawal.withdrawal_id, withdrawal.stars, withdrawal.method


def returned(withdrawal: Withdrawal, reason: str) -> tuple[str, str, int, str]:
    return "withdrawal_return", f"withdrawal_return:{withdrawal.withdrawal_id}", withdrawal.stars, reason


async def test_of_each_end_once(world: World) -> None:
    player, gone = await world.player(), await world.player()
    by_ton = await world.requested(player)
    refused = await world.requested(player, 700)
    assert told(world, player) == []
    for _ in range(2):
        await world.flow.review(refused.withdrawal_id, "refuse", by="olga")
    world.pass_time(HOLD_MS)
    for _ in range(4):
        await world.round()
    premium = await world.requested(player, 1000, months=3)
    impossible = await world.requested(gone, 1000, months=3)
    world.telegram.forget(gone.telegram_id)
    world.pass_time(HOLD_MS)
    for _ in range(4):
        await world.round()
    assert told(world, player) == [returned(refused, "refused"), sent(by_ton), sent(premium)]
    assert told(world, gone) == [returned(impossible, "failed")]


async def test_an_operators_word_that_it_left_is_told_too(world: World) -> None:
    player = await world.player()
    asked = await world.requested(player)
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    world.chain.lose_index = True
    await world.round()
    await world.round(ms=3 * 3600_000)
    assert (await world.state(asked)).waits_for == "unknown"
    assert told(world, player) == []
    await world.flow.review(asked.withdrawal_id, "paid", by="olga")
    assert told(world, player) == [sent(asked)]
