"""Demonstration Stars never leave, and never win Stars that can."""

from persistence.postgres import games, ledger
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.postgres.money import balance, payer, withdraw
from tests.postgres.play import STAKE, Finisher, assert_clean, finished, hero_room, new_room, pay


async def test_they_are_never_withdrawn_whatever_came_to_them(db: Database) -> None:
    player = await payer(db, stars=1000)
    assert (await withdraw(db, player, 100)).status == "forbidden"
    # What came in besides may leave again, once, whatever became of it among the others.
    await earn(db, player.user_id, 500)
    assert (await withdraw(db, player, 501)).status == "forbidden"
    assert (await withdraw(db, player, 400)).status == "new"
    assert (await withdraw(db, player, 101)).status == "forbidden"
    assert await balance(db, player) == 1100

    real = await payer(db)
    await earn(db, real.user_id, 500)
    assert (await withdraw(db, real, 100)).status == "new"
    await assert_clean(db)


async def test_they_sit_in_no_room_with_others(db: Database) -> None:
    demo, real = await payer(db, stars=1000), await payer(db)
    await earn(db, real.user_id, 1000)
    for first, second in ((demo, real), (real, demo)):
        room = new_room()
        seat = (await pay(db, first.user_id, room)).seat_id
        assert seat is not None
        refused = await pay(db, second.user_id, room, key="again")
        assert refused.status == "forbidden"
        assert await games.live_seat(db, second.user_id) is None
        like = await payer(db, stars=1000 if first is demo else 0)
        if first is real:
            await earn(db, like.user_id, 1000)
        assert (await pay(db, like.user_id, room)).status == "paid"
        await games.settle(db, room, finished(room, [Finisher(seat, first.user_id, 9)]))
        # The key of what was refused is free.
        assert (await pay(db, second.user_id, new_room(), key="again")).status == "paid"
        await games.refund(db, (await _seat(db, second.user_id)), "left")
    await assert_clean(db)


async def test_an_organizer_gets_no_part_of_them_but_as_one_of_theirs(db: Database) -> None:
    demo, real = await payer(db, stars=1000), await payer(db)
    await earn(db, real.user_id, 1000)
    for organizer, guest in ((demo, real), (real, demo)):
        room = await hero_room(db, organizer.user_id)
        assert (await pay(db, guest.user_id, room, kind="hero")).status == "forbidden"
        await games.void(db, room, "operator")
    assert await ledger.balance(db, demo.user_id) == await ledger.balance(db, real.user_id) == 1000
    await assert_clean(db)


async def test_whose_balance_is_too_small_hears_of_that_first(db: Database) -> None:
    """Not of a room that would not do anyway."""
    demo, real = await payer(db, stars=1000), await payer(db)
    room = new_room()
    assert (await pay(db, demo.user_id, room)).status == "paid"
    refused = await pay(db, real.user_id, room, amount=STAKE)
    assert refused.status == "insufficient_balance"


async def _seat(db: Database, user_id: int) -> str:
    seat = await games.live_seat(db, user_id)
    assert seat is not None
    return seat.seat_id
