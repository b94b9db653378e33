"""What was won in a game under review stays until an operator has looked, whatever way it tries to go."""

from typing import Any

import psycopg
import pytest

from persistence.postgres import games, reviews
from persistence.postgres.withdrawals import Withdrawal
from tests.payouts.conftest import HOLD_MS, STARS, Player, World, judge
from tests.payouts.test_notices import told
from tests.postgres.play import Finisher, fill, finished, new_room, organize, pay

STAKE = 500


async def play(
    world: World, winner: Player, *losers: Player, stake: int = STAKE, blocked: tuple[Player, ...] = ()
) -> str:
    """A game that is settled, its signals not worked out yet; the room."""
    room_id = new_room()
    players = [winner, *losers]
    seats = await fill(world.db, room_id, [player.user_id for player in players], amount=stake)
    await settle(world, room_id, seats, players, blocked)
    return room_id


async def settle(
    world: World, room_id: str, seats: list[str], players: list[Player], blocked: tuple[Player, ...] = (), *,
    kind: str = "standard",
) -> None:  # fmt: skip
    """The first of the players wins."""
    lines = [
        Finisher(seat_id, player.user_id, 100 - place, blocked=player in blocked)
        for place, (seat_id, player) in enumerate(zip(seats, players, strict=True))
    ]
    await games.settle(world.db, room_id, finished(room_id, lines, kind=kind))


async def paid_out(world: World, player: Player, stars: int) -> Withdrawal:
    """Ask for so many Stars, let the hold pass and the worker send; what became of it."""
    asked = await world.requested(player, stars)
    await world.round(ms=HOLD_MS)
    for _ in range(2):
        await world.round()
    return await world.state(asked)


async def opened(world: World, user: Player) -> list[reviews.Review]:
    return await reviews.listed(world.db, user_id=user.user_id, include_decided=False, limit=10)


async def decide(world: World, user: Player, decision: reviews.ReviewDecision) -> None:
    for each in await opened(world, user):
        assert await reviews.decide(world.db, each.review_id, decision, reason="seen", by="olga") == "ok"


async def test_a_prize_of_a_flagged_game_waits_and_goes_on_when_it_is_cleared(world: World) -> None:
    cheat, other = await world.player(), await world.player()
    await judge(world, await play(world, cheat, other), cheat)
    asked = await paid_out(world, cheat, 1000)
    assert (asked.state, asked.waits_for) == ("approval", "review")
    assert told(world, cheat)[-1] == ("withdrawal_waits", asked.withdrawal_id, 1000, "review")
    seen = await reviews.of_player(world.db, cheat.user_id)
    assert seen is not None
    assert (seen.why, seen.stars) == ("game", 2 * STAKE)
    await decide(world, cheat, "cleared")
    assert await reviews.of_player(world.db, cheat.user_id) is None
    for _ in range(3):
        await world.round()
    assert (await world.state(asked)).state == "sent"
    assert world.times_paid(cheat) == 1


async def test_signals_that_come_after_the_request_or_after_the_hold_hold_it_too(world: World) -> None:
    cheat, other = await world.player(), await world.player()
    before, after = await play(world, cheat, other), await play(world, cheat, other)
    asked = await world.requested(cheat, 500)
    await judge(world, before)
    await judge(world, after)
    world.pass_time(HOLD_MS)
    assert await world.payouts().release() == 1
    late = await play(world, cheat, other)
    await judge(world, late, cheat)
    await world.payouts().send_ton()
    stopped = await world.state(asked)
    assert (stopped.state, stopped.waits_for, stopped.begun_ms) == ("approval", "review", None)
    assert world.chain.paid == []


async def test_nothing_goes_out_before_the_signals_of_a_prize_are_there(world: World, execute: Any) -> None:
    player, other = await world.player(), await world.player()
    room_id = await play(world, player, other)
    asked = await paid_out(world, player, 500)
    assert asked.state == "held"
    assert await reviews.of_player(world.db, player.user_id) is None
    execute("UPDATE game.rooms SET decided_at = decided_at - interval '61 minutes' WHERE room_id = %s", room_id)
    await world.round()
    assert (await world.state(asked)).waits_for == "review"  # a record that never comes holds nobody for ever
    seen = await reviews.of_player(world.db, player.user_id)
    assert seen is not None
    assert seen.why == "unjudged"
    await judge(world, room_id)
    for _ in range(3):
        await world.round()
    assert (await world.state(asked)).state == "sent"


async def test_who_was_blocked_waits_too_and_honest_winners_do_not(world: World) -> None:
    cheat, winner, third = await world.player(), await world.player(), await world.player()
    await judge(world, await play(world, winner, cheat, third, blocked=(cheat,)))
    assert (await paid_out(world, cheat, 500)).waits_for == "review"
    assert (await paid_out(world, winner, 2000)).state == "sent"
    assert [each.kind for each in await opened(world, cheat)] == ["block"]
    assert await opened(world, winner) == await opened(world, third) == []


async def test_held_winnings_that_are_lost_to_a_partner_are_held_there(world: World) -> None:
    cheat, victim, partner = await world.player(), await world.player(), await world.player(STAKE)
    await judge(world, await play(world, cheat, victim), cheat)
    await judge(world, await play(world, partner, cheat))
    assert await world.balance(partner) == 2 * STAKE
    assert (await paid_out(world, partner, STAKE)).state == "sent"  # what was the partner's own
    asked = await paid_out(world, partner, STAKE)
    assert (asked.state, asked.waits_for) == ("approval", "review")
    seen = await reviews.of_player(world.db, partner.user_id)
    assert seen is not None
    assert (seen.why, seen.stars) == ("winnings", STAKE)
    await decide(world, cheat, "cleared")
    for _ in range(3):
        await world.round()
    assert (await world.state(asked)).state == "sent"


async def test_it_does_not_help_to_be_quicker_than_the_signals_nor_to_use_a_third(world: World) -> None:
    cheat, victim = await world.player(STAKE), await world.player()
    partner, third = await world.player(STAKE), await world.player(STAKE)
    flagged = await play(world, cheat, victim)
    for winner, loser in ((partner, cheat), (third, partner), (third, partner)):
        await judge(world, await play(world, winner, loser))
    assert await world.balance(partner) == 0
    await judge(world, flagged, cheat)
    # Half of the partner's two stakes were its own and went first.
    assert [each.stars for each in await opened(world, partner)] == []
    assert [each.stars for each in await opened(world, third)] == [STAKE]
    assert (await paid_out(world, third, 2 * STAKE)).state == "sent"
    assert (await paid_out(world, third, STAKE)).waits_for == "review"


async def test_no_more_is_ever_held_than_was_won(world: World) -> None:
    cheat, victim, honest = await world.player(), await world.player(), await world.player()
    await judge(world, await play(world, cheat, victim, stake=100), cheat)
    for _ in range(4):
        await judge(world, await play(world, honest, cheat))
    assert [each.stars for each in await opened(world, honest)] == [200]
    await judge(world, await play(world, victim, honest, stake=100))
    assert [each.stars for each in await opened(world, honest)] == [200]  # own Stars go first
    assert await opened(world, victim) == []


async def test_the_organizer_of_a_hero_room_gets_no_free_part(world: World) -> None:
    cheat, victim, partner, organizer = [await world.player() for _ in range(4)]
    await judge(world, await play(world, cheat, victim), cheat)
    room_id = new_room()
    assert (await organize(world.db, organizer.user_id, room_id, fee=STAKE)).status == "paid"
    seats = []
    for player in (partner, cheat):
        reply = await pay(world.db, player.user_id, room_id, amount=STAKE, kind="hero", fee_bps=1000)
        assert reply.seat_id is not None
        seats.append(reply.seat_id)
    await settle(world, room_id, seats, [partner, cheat], kind="hero")
    assert [each.stars for each in await opened(world, partner)] == [STAKE * 9 // 10]
    assert [each.stars for each in await opened(world, organizer)] == [STAKE // 10]


async def test_an_approval_of_before_counts_for_what_was_there_then_only(world: World) -> None:
    cheat, other = await world.player(), await world.player()
    await judge(world, await play(world, cheat, other), cheat)
    asked = await world.requested(cheat, 1000)
    assert (await world.flow.review(asked.withdrawal_id, "approve", by="olga")).status == "ok"
    await judge(world, await play(world, cheat, other), cheat)
    await world.round(ms=HOLD_MS)
    assert (await world.state(asked)).waits_for == "review"
    assert (await world.flow.review(asked.withdrawal_id, "approve", by="olga")).status == "ok"
    for _ in range(3):
        await world.round()
    assert (await world.state(asked)).state == "sent"
    with psycopg.connect(world.settings.database_url) as connection:
        steps = connection.execute(
            "SELECT detail FROM pay.withdrawal_events WHERE withdrawal_id = %s AND actor LIKE '%%olga%%'"
            " ORDER BY event_id",
            [asked.withdrawal_id],
        ).fetchall()
    assert [step for (step,) in steps] == [
        "approved, the hold goes on; under review: game, 1000 Stars",
        "again: approved; under review: game, 2000 Stars",
    ]


async def test_what_is_confirmed_goes_on_waiting(world: World) -> None:
    cheat, other = await world.player(), await world.player()
    await judge(world, await play(world, cheat, other), cheat)
    [review] = await opened(world, cheat)
    assert await reviews.decide(world.db, review.review_id, "confirmed", reason="a timer", by="olga") == "ok"
    asked = await paid_out(world, cheat, 1000)
    assert asked.waits_for == "review"
    assert (await world.flow.review(asked.withdrawal_id, "refuse", by="olga")).status == "ok"
    assert await world.balance(cheat) == STARS + STAKE
    assert await reviews.decide(world.db, review.review_id, "cleared", reason="a mistake", by="olga") == "ok"
    assert await reviews.decide(world.db, review.review_id, "confirmed", reason="again", by="olga") == "conflict"
    assert await reviews.decide(world.db, 0, "cleared", reason="none", by="olga") == "not_found"
    assert (await paid_out(world, cheat, 1000)).state == "sent"


async def test_another_account_of_the_same_person_waits_too(world: World, execute: Any) -> None:
    cheat, other, second = await world.player(), await world.player(), await world.player()
    execute(
        "UPDATE auth.users SET person_id = (SELECT person_id FROM auth.users WHERE user_id = %s) WHERE user_id = %s",
        cheat.user_id, second.user_id,
    )  # fmt: skip
    await judge(world, await play(world, cheat, other), cheat)
    asked = await paid_out(world, second, 1000)
    assert asked.waits_for == "review"
    await decide(world, cheat, "cleared")
    for _ in range(3):
        await world.round()
    assert (await world.state(asked)).state == "sent"


async def test_a_limit_still_counts_after_a_review(world: World) -> None:
    cheat, other = await world.player(), await world.player()
    await judge(world, await play(world, cheat, other), cheat)
    asked = await paid_out(world, cheat, 3000)
    assert asked.waits_for == "review"
    await decide(world, cheat, "cleared")
    await world.round()
    assert (await world.state(asked)).waits_for == "limit"


@pytest.mark.parametrize("since", [None, 0])
async def test_what_several_games_say_reaches_back_to_the_first(world: World, since: int | None) -> None:
    feeder, fed, later = await world.player(), await world.player(STAKE), await world.player()
    first = await play(world, fed, feeder)
    await judge(world, first)
    await judge(world, await play(world, later, fed))
    last = await play(world, fed, feeder)
    await judge(world, last, fed, **({} if since is None else {"since_ms": since}))
    assert [each.stars for each in await opened(world, later)] == ([] if since is None else [STAKE])
