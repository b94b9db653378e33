"""One's own games: complete, newest first, whatever is added meanwhile; nobody else's."""

from collections.abc import AsyncIterator

import pytest_asyncio

from persistence.postgres import games, history, users
from persistence.postgres.history import Game
from persistence.postgres.pool import Database, Role
from persistence.vocabulary import RoomKind
from tests.leaderboards.conftest import NOON_MS, Season
from tests.postgres.play import STAKE, STARS, Finisher, fill, finished, hero_room, new_room, sign_up


@pytest_asyncio.fixture
async def others(db: Database) -> AsyncIterator[list[int]]:
    yield await sign_up(db, 3)


async def settle(db: Database, room: str, lines: list[Finisher], *, kind: str = "standard") -> games.Outcome:
    result = finished(room, lines, kind=kind, ends_ms=NOON_MS, finished_ms=NOON_MS + 1000)
    return await games.settle(db, room, result)


async def all_pages(db: Database, user_id: int, limit: int) -> list[Game]:
    found: list[Game] = []
    while True:
        page = await history.games(db, user_id, (found[-1].decided_us, found[-1].seat_id) if found else None, limit)
        found += page
        if len(page) < limit:
            return found


async def test_a_settled_game(db: Database, others: list[int]) -> None:
    one, two, three = others
    room = new_room()
    seats = await fill(db, room, others, fee_bps=1000)
    await settle(
        db,
        room,
        [
            Finisher(seats[0], one, 9, best=15),
            Finisher(seats[1], two, 5),
            Finisher(seats[2], three, 90, blocked=True, best=51),
        ],
    )

    (won,) = await history.games(db, one, None, 10)
    assert (won.room_id, won.kind, won.organizes, won.outcome, won.reason) == (room, "standard", False, "settled", None)
    assert (won.stake, won.pool, won.prize, won.winner_id, won.players) == (STAKE, 150, 135, one, 3)
    assert (won.place, won.taps, won.best, won.blocked, won.payout, won.balance) == (1, 9, 15, False, 135, STARS + 85)
    assert (won.starts_ms, won.ended_ms) == (1, NOON_MS)
    (cheated,) = await history.games(db, three, None, 10)
    assert (cheated.place, cheated.taps, cheated.blocked, cheated.payout) == (None, 90, True, 0)
    assert cheated.balance == STARS - STAKE

    lines = await history.standings(db, two, room)
    assert [(line.place, line.user_id, line.taps, line.best, line.blocked, line.prize) for line in lines] == [
        (1, one, 9, 15, False, 135),
        (2, two, 5, 10, False, 0),
        (None, three, 90, 51, True, 0),
    ]
    assert {line.name for line in lines} == {"Tess Ter"}
    assert [(t.kind, t.amount, t.balance_after) for t in await history.transfers(db, one, room)] == [
        ("stake", -STAKE, STARS - STAKE),
        ("settle", 135, STARS + 85),
    ]
    assert [(t.kind, t.amount) for t in await history.transfers(db, two, room)] == [("stake", -STAKE)]


async def test_a_hero_game_of_its_organizer_and_its_players(db: Database, others: list[int]) -> None:
    organizer, one, two = others
    room = await hero_room(db, organizer)
    seats = await fill(db, room, [one, two], kind="hero")
    await settle(db, room, [Finisher(seats[0], one, 200), Finisher(seats[1], two, 5)], kind="hero")

    (organized,) = await history.games(db, organizer, None, 10)
    assert (organized.kind, organized.organizes, organized.outcome) == ("hero", True, "settled")
    assert (organized.players, organized.place, organized.taps, organized.payout) == (2, None, None, 10)
    assert [(t.kind, t.amount) for t in await history.transfers(db, organizer, room)] == [("settle", 10)]
    assert [line.user_id for line in await history.standings(db, organizer, room)] == [one, two]
    (won,) = await history.games(db, one, None, 10)
    assert (won.kind, won.organizes, won.prize, won.payout) == ("hero", False, 90, 90)


async def test_a_cancelled_game_says_why(db: Database, others: list[int]) -> None:
    organizer, one, _ = others
    room = await hero_room(db, organizer)
    await fill(db, room, [one], kind="hero")
    await games.settle(db, room, finished(room, [], outcome="cancelled", reason="not_started", kind="hero"))
    lost = new_room()
    await fill(db, lost, [one])
    await games.void(db, lost, "redis_lost")

    newest, oldest = await history.games(db, one, None, 10)
    assert (newest.room_id, newest.reason, newest.starts_ms, newest.ended_ms) == (lost, "redis_lost", None, None)
    assert (oldest.room_id, oldest.outcome, oldest.reason) == (room, "refunded", "not_started")
    assert (oldest.winner_id, oldest.prize, oldest.place, oldest.taps) == (None, None, None, None)
    assert (oldest.payout, oldest.balance) == (STAKE, STARS)
    (organized,) = await history.games(db, organizer, None, 10)
    assert (organized.payout, organized.reason) == (0, "not_started")
    assert [(t.kind, t.amount, t.reason) for t in await history.transfers(db, one, room)] == [
        ("stake", -STAKE, None),
        ("refund", STAKE, "not_started"),
    ]


async def test_a_game_in_which_nobody_tapped(db: Database, others: list[int]) -> None:
    room = new_room()
    seats = await fill(db, room, others)
    await settle(db, room, [Finisher(seat, user, 0) for seat, user in zip(seats, others, strict=True)])
    (game,) = await history.games(db, others[1], None, 10)
    assert (game.outcome, game.reason, game.taps, game.payout) == ("refunded", "nobody_tapped", 0, STAKE)
    assert [line.taps for line in await history.standings(db, others[1], room)] == [0, 0, 0]


async def test_what_was_left_before_the_start_is_no_game(db: Database, others: list[int]) -> None:
    """But who came back has played, and what it cost in all is told."""
    one, two, three = others
    room = new_room()
    left = await fill(db, room, others)
    for seat in (left[0], left[2]):
        await games.refund(db, seat, "left")
    assert await history.games(db, one, None, 10) == []
    seats = [*await fill(db, room, [one]), left[1]]
    await settle(db, room, [Finisher(seats[0], one, 9), Finisher(seats[1], two, 5)])

    (game,) = await history.games(db, one, None, 10)
    assert (game.payout, game.players) == (2 * STAKE, 2)
    assert [t.amount for t in await history.transfers(db, one, room)] == [-STAKE, STAKE, -STAKE, 2 * STAKE]
    assert await history.games(db, three, None, 10) == []
    assert await history.game(db, three, room) is None
    assert await history.standings(db, three, room) == []


async def test_a_room_that_is_not_decided_is_no_game_yet(db: Database, others: list[int]) -> None:
    one, *_ = others
    room = new_room()
    await fill(db, room, [one])
    assert await history.games(db, one, None, 10) == []
    assert await history.game(db, one, room) is None


async def test_a_stranger_sees_nothing(db: Database, others: list[int]) -> None:
    one, two, stranger = others
    room = new_room()
    seats = await fill(db, room, [one, two])
    await settle(db, room, [Finisher(seats[0], one, 9), Finisher(seats[1], two, 5)])
    assert await history.game(db, one, room) is not None
    assert await history.games(db, stranger, None, 10) == []
    assert await history.game(db, stranger, room) is None
    assert await history.standings(db, stranger, room) == []
    assert await history.transfers(db, stranger, room) == []
    (mine,) = await history.games(db, one, None, 10)
    assert await history.games(db, stranger, (mine.decided_us + 1, mine.seat_id), 10) == []
    for function in ("my_games(NULL, NULL, NULL, 9)", f"my_games(NULL, NULL, '{room}', 9)"):
        assert await db.rows(Role.PLAYER, None, f"SELECT * FROM game.{function}") == []
    assert await db.rows(Role.PLAYER, None, "SELECT * FROM game.my_game_standings(%(room)s)", {"room": room}) == []
    assert await db.rows(Role.PLAYER, None, "SELECT * FROM game.my_game_transfers(%(room)s)", {"room": room}) == []


async def test_one_game_is_found_among_many(season: Season) -> None:
    one, two = await season.sign_up(2)
    rooms = [await season.win(one, two) for _ in range(12)]
    listed = {game.room_id: game for game in await history.games(season.db, one, None, 100)}
    for room in rooms:
        assert await history.game(season.db, one, room) == listed[room]


async def test_pages_of_any_size_hold_every_game_once(season: Season) -> None:
    one, two = await season.sign_up(2)
    rooms = [await season.win(one, two) for _ in range(11)]
    for limit in (1, 2, 3, 5, 11, 12, 50):
        assert [game.room_id for game in await all_pages(season.db, one, limit)] == rooms[::-1]


async def test_games_that_are_added_meanwhile_neither_repeat_nor_hide_any(season: Season) -> None:
    one, two = await season.sign_up(2)
    rooms = [await season.win(one, two) for _ in range(9)]
    found: list[Game] = []
    while page := await history.games(season.db, one, (found[-1].decided_us, found[-1].seat_id) if found else None, 2):
        found += page
        await season.win(one, two)
    assert [game.room_id for game in found] == rooms[::-1]


async def test_games_of_one_moment_are_all_found(season: Season) -> None:
    """Equal times: the seat decides."""
    one, two = await season.sign_up(2)
    rooms = {await season.win(one, two) for _ in range(6)}
    season.told(
        "WITH r AS (UPDATE game.rooms SET decided_at = '2082-11-18 12:00:00.123457+00' RETURNING 1),"
        " s AS (UPDATE game.seats SET decided_at = '2082-11-18 12:00:00.123457+00' RETURNING 1)"
        " SELECT count(*), 1 FROM r, s"
    )
    found = await all_pages(season.db, one, 2)
    assert [game.seat_id for game in found] == sorted((game.seat_id for game in found), reverse=True)
    assert {game.room_id for game in found} == rooms
    assert len(found) == 6


async def test_statistics_are_those_of_settled_games_as_a_player(db: Database, others: list[int]) -> None:
    one, two, three = others
    for organizer, best in ((None, 30), (three, 44), (one, 12)):
        players = [user for user in (one, two) if user != organizer]
        players += [three] if len(players) < 2 else []
        room = new_room() if organizer is None else await hero_room(db, organizer)
        kind: RoomKind = "standard" if organizer is None else "hero"
        seats = await fill(db, room, players, kind=kind)
        lines = [Finisher(seats[0], players[0], 9, best=best), Finisher(seats[1], players[1], 5, best=7)]
        await settle(db, room, lines, kind=kind)
    for _ in range(2):  # nobody won these
        room = new_room()
        await fill(db, room, others)
        await games.void(db, room, "outage")

    stats = {user: await users.me(db, user) for user in others}
    assert [(me.games, me.wins, me.won, me.best_rate) for me in stats.values()] == [
        (2, 2, 100 + 90, 22.0),
        (3, 1, 90, 6.0),
        (1, 0, 0, 3.5),
    ]
    for user, me in stats.items():
        played = [game for game in await history.games(db, user, None, 50) if game.outcome == "settled"]
        mine = [game for game in played if not game.organizes]
        assert me.games == len(mine)
        assert me.wins == sum(game.winner_id == user for game in mine)
        assert me.won == sum(game.payout for game in mine)
        assert me.best_rate == max(game.best or 0 for game in mine) / 2


async def test_the_sum_of_all_games_is_what_the_balance_says(db: Database, others: list[int]) -> None:
    one, two, three = others
    for winner, organizer in ((0, None), (1, None), (0, three), (1, three)):
        room = new_room() if organizer is None else await hero_room(db, organizer, fee=33)
        kind: RoomKind = "standard" if organizer is None else "hero"
        amount = STAKE if organizer is None else 33
        seats = await fill(db, room, [one, two], kind=kind, amount=amount)
        lines = [Finisher(seat, user, 5) for seat, user in zip(seats, (one, two), strict=True)]
        lines[winner] = Finisher(seats[winner], (one, two)[winner], 9)
        await settle(db, room, lines, kind=kind)
    for user in others:
        listed = await history.games(db, user, None, 50)
        change = sum(game.payout - (0 if game.organizes else game.stake) for game in listed)
        me = await users.me(db, user)
        assert me.balance == STARS + change == listed[0].balance
        moved = [t.amount for game in listed for t in await history.transfers(db, user, game.room_id)]
        assert sum(moved) == change
