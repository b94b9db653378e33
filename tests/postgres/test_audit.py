"""The audit finds each kind of damage, names what is damaged, and finds nothing on a sound ledger."""

import psycopg
import pytest

from persistence.postgres import games
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.postgres.play import (
    STAKE,
    Finisher,
    assert_clean,
    fill,
    finished,
    hero_room,
    new_room,
    new_seat,
    organize,
    sign_up,
)

# What no role may do: triggers and checks are off.
DAMAGE = {
    "transfer_unbalanced": "UPDATE ledger.entries SET amount = amount + 1 WHERE entry_id = 1",
    "ledger_unbalanced": "UPDATE ledger.entries SET amount = amount + 1 WHERE entry_id = 1",
    "balance_differs": "UPDATE ledger.balances SET balance = balance + 1 WHERE user_id = %(player)s",
    "balance_negative": "UPDATE ledger.balances SET balance = -1 WHERE user_id = %(player)s",
    "escrow_differs": "DELETE FROM game.seats WHERE seat_id = %(live)s",
    "escrow_left": "UPDATE ledger.entries SET amount = amount - 1 WHERE account_id ="
    " (SELECT escrow_id FROM game.rooms WHERE room_id = %(settled)s) AND amount < 0",
    "seat_live_after_decision": "UPDATE game.seats SET state = 'live', decided_at = NULL"
    " WHERE room_id = %(settled)s AND user_id = %(player)s",
    "decided_not_once": "UPDATE ledger.transfers SET room_id = 'elsewhere' WHERE kind = 'settle'",
    "prize_differs": "UPDATE game.seats SET prize = prize + 1 WHERE room_id = %(settled)s AND prize > 0",
    "seat_not_paid": "UPDATE ledger.transfers SET key = 'x' WHERE key = 'stake:' || %(live)s",
    "seat_refund_differs": "UPDATE game.seats SET state = 'settled' WHERE seat_id = %(left)s",
    "fee_differs": "UPDATE game.rooms SET fee = fee + 1, prize = prize - 1 WHERE room_id = %(hero)s",
    "payout_differs": "UPDATE game.rooms SET organizer_id = %(player)s WHERE room_id = %(hero)s",
    "organizer_differs": "DELETE FROM game.seats WHERE seat_id = %(place)s",
    "organizer_paid": "UPDATE ledger.transfers SET key = 'stake:' || %(place)s WHERE key = 'stake:' || %(live)s",
    "daily_wins_differ": "UPDATE game.daily_wins SET day = day + 1 WHERE user_id = %(player)s",
    "stats_differ": "UPDATE game.player_stats SET won = won - 1 WHERE user_id = %(player)s",
}


@pytest.mark.parametrize("rule", DAMAGE)
async def test_damage_is_found(db: Database, database_url: str, rule: str) -> None:
    organizer, *players = await sign_up(db, 4)
    settled, opened, place = new_room(), new_room(), new_seat()
    seats = await fill(db, settled, players[:2])
    lines = [Finisher(seat, player, 3) for seat, player in zip(seats, players[:2], strict=True)]
    await games.settle(db, settled, finished(settled, lines))
    hero = await hero_room(db, organizer)
    seats = await fill(db, hero, players[:2], kind="hero")
    lines = [Finisher(seat, player, 3) for seat, player in zip(seats, players[:2], strict=True)]
    await games.settle(db, hero, finished(hero, lines))
    await organize(db, organizer, new_room(), place)
    (left,) = await fill(db, opened, players[:1])
    await games.refund(db, left, "left")
    (live,) = await fill(db, opened, players[1:2])
    await assert_clean(db)

    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE ledger.balances DROP CONSTRAINT balances_balance_check")
        connection.execute("DROP INDEX game.seats_one_live_of_user")
        connection.execute("SET session_replication_role = replica")
        done = connection.execute(
            DAMAGE[rule],
            {"player": players[0], "settled": settled, "live": live, "left": left, "hero": hero, "place": place},
        )
        assert done.rowcount > 0

    findings = await audit(db)
    assert rule in {finding.rule for finding in findings}
    assert all(finding.subject and finding.detail for finding in findings)


async def test_a_stake_that_is_under_way_disturbs_no_audit(db: Database, database_url: str) -> None:
    players = await sign_up(db, 1)
    await fill(db, new_room(), players)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE ledger.balances SET balance = balance - %s", [STAKE])
        await assert_clean(db)
        connection.rollback()
