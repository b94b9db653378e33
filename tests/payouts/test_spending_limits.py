"""Limits that players set for themselves: tighter at once, looser after a day, asked where the stake is taken."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from persistence.postgres import games, spending_limits
from persistence.postgres.pool import Database
from tests.postgres.play import Finisher, assert_clean, fill, finished, hero_room, new_room, organize, pay, sign_up
from tests.rest.conftest import API, LogIn, Player, app, client, log_in  # noqa: F401 - fixtures

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 1_790_000_000_000
MIDNIGHT_MS = NOW_MS // DAY_MS * DAY_MS


async def set_limits(
    db: Database, player: int, daily: int | None = None, until: int | None = None, now: int = NOW_MS
) -> spending_limits.Limits:
    await spending_limits.put(db, player, daily_stars=daily, excluded_until_ms=until, now_ms=now)
    return await spending_limits.mine(db, player, now_ms=now)


async def test_nothing_is_forbidden_at_first(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    found = await spending_limits.mine(db, player, now_ms=NOW_MS)
    assert found == spending_limits.Limits(None, None, None, None, None, None, 0, MIDNIGHT_MS + DAY_MS)


async def test_a_tighter_limit_holds_at_once_and_a_looser_one_after_a_day(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    assert (await set_limits(db, player, 100)).daily_stars == 100
    assert (await set_limits(db, player, 60)).daily_stars == 60
    looser = await set_limits(db, player, 200)
    assert (looser.daily_stars, looser.next_daily_stars, looser.next_daily_from_ms) == (60, 200, NOW_MS + DAY_MS)
    before = await spending_limits.mine(db, player, now_ms=NOW_MS + DAY_MS - 1)
    assert (before.daily_stars, before.next_daily_stars) == (60, 200)
    after = await spending_limits.mine(db, player, now_ms=NOW_MS + DAY_MS)
    assert (after.daily_stars, after.next_daily_stars, after.next_daily_from_ms) == (200, None, None)
    none = await set_limits(db, player, None, now=NOW_MS + DAY_MS)
    assert (none.daily_stars, none.next_daily_stars, none.next_daily_from_ms) == (200, None, NOW_MS + 2 * DAY_MS)
    assert (await spending_limits.mine(db, player, now_ms=NOW_MS + 2 * DAY_MS)).daily_stars is None


async def test_what_a_device_does_not_name_stays_as_another_has_set_it(db: Database) -> None:
    """It may have looked before: its view of the rest is not a wish."""
    (player,) = await sign_up(db, 1)
    until = NOW_MS + 30 * DAY_MS
    await spending_limits.put(db, player, daily_stars=100, now_ms=NOW_MS)
    await spending_limits.put(db, player, daily_stars=50, now_ms=NOW_MS)
    await spending_limits.put(db, player, excluded_until_ms=until, now_ms=NOW_MS)
    await spending_limits.put(db, player, daily_stars=70, now_ms=NOW_MS)
    for now_ms in (NOW_MS, NOW_MS + 2 * DAY_MS):
        found = await spending_limits.mine(db, player, now_ms=now_ms)
        assert found.excluded_until_ms == until
        assert found.next_excluded_from_ms is None
    await spending_limits.put(db, player, excluded_until_ms=None, now_ms=NOW_MS)
    found = await spending_limits.mine(db, player, now_ms=NOW_MS)
    assert (found.daily_stars, found.next_daily_stars) == (50, 70)


async def test_repeating_a_looser_wish_does_not_begin_the_wait_anew(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    await set_limits(db, player, 50)
    await set_limits(db, player, 100)
    assert (await set_limits(db, player, 100, now=NOW_MS + HOUR_MS)).next_daily_from_ms == NOW_MS + DAY_MS
    assert (await set_limits(db, player, 80, now=NOW_MS + HOUR_MS)).next_daily_from_ms == NOW_MS + DAY_MS
    more = await set_limits(db, player, None, now=NOW_MS + HOUR_MS)
    assert more.next_daily_from_ms == NOW_MS + HOUR_MS + DAY_MS
    back = await set_limits(db, player, 50, now=NOW_MS + HOUR_MS)
    assert (back.daily_stars, back.next_daily_from_ms) == (50, None)


async def test_an_exclusion_grows_at_once_shrinks_after_a_day_and_ends(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    week = NOW_MS + 7 * DAY_MS
    assert (await set_limits(db, player, until=NOW_MS + DAY_MS)).excluded_until_ms == NOW_MS + DAY_MS
    assert (await set_limits(db, player, until=week)).excluded_until_ms == week
    shorter = await set_limits(db, player, until=NOW_MS + 2 * DAY_MS)
    assert (shorter.excluded_until_ms, shorter.next_excluded_until_ms) == (week, NOW_MS + 2 * DAY_MS)
    assert shorter.next_excluded_from_ms == NOW_MS + DAY_MS
    assert (await set_limits(db, player)).next_excluded_from_ms == NOW_MS + DAY_MS + 0
    lifted = await spending_limits.mine(db, player, now_ms=NOW_MS + DAY_MS)
    assert (lifted.excluded_until_ms, lifted.next_excluded_from_ms) == (None, None)
    again = await set_limits(db, player, until=NOW_MS + DAY_MS + HOUR_MS, now=NOW_MS + DAY_MS)
    assert again.excluded_until_ms == NOW_MS + DAY_MS + HOUR_MS
    # It ends before a wish for less could hold: nothing waits.
    assert (await set_limits(db, player, now=NOW_MS + DAY_MS)).next_excluded_from_ms is None
    assert (await spending_limits.mine(db, player, now_ms=NOW_MS + DAY_MS + HOUR_MS)).excluded_until_ms is None
    past = await set_limits(db, player, until=NOW_MS, now=NOW_MS + 9 * DAY_MS)
    assert past.excluded_until_ms is None


class Rules:
    """The rules again, told differently: a list of wishes, each with the moment from which it holds."""

    def __init__(self, worst: float) -> None:
        self.worst, self.held, self.waiting = worst, worst, None

    def at(self, now: int) -> float:
        if self.waiting is not None and self.waiting[1] <= now:
            self.held, self.waiting = self.waiting[0], None
        return self.held

    def wish(self, tightness: float, now: int) -> None:
        held = self.at(now)
        if tightness >= held:
            self.held, self.waiting = tightness, None
        else:
            keeps = self.waiting is not None and tightness >= self.waiting[0]
            self.waiting = (tightness, self.waiting[1] if keeps and self.waiting else now + DAY_MS)

    waiting: tuple[float, int] | None


@pytest.mark.parametrize("seed", range(4))
async def test_random_wishes_agree_with_the_rules(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    (player,) = await sign_up(db, 1)
    daily, now = Rules(float("-inf")), NOW_MS
    for _ in range(40):
        now += chance.choice([0, 1, HOUR_MS, 5 * HOUR_MS, DAY_MS - 1, DAY_MS])
        wish = chance.choice([None, 0, 10, 20, 20, 50, 100])
        found = await set_limits(db, player, wish, now=now)
        daily.wish(float("-inf") if wish is None else -wish, now)
        expected = daily.at(now)
        assert found.daily_stars == (None if expected == float("-inf") else -expected)
        assert found.next_daily_from_ms == (None if daily.waiting is None else daily.waiting[1])


async def test_a_stake_over_the_daily_limit_is_refused_and_leaves_nothing(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    await spending_limits.put(db, player, daily_stars=100, excluded_until_ms=None)
    first = new_room()
    seats = await fill(db, first, [player])
    await games.settle(db, first, finished(first, [Finisher(seats[0], player, 9)]))
    assert (await spending_limits.mine(db, player)).spent_stars == 50
    assert (await pay(db, player, new_room(), amount=51, key="k")).status == "limit_reached"
    assert (await pay(db, player, new_room(), amount=50, key="k")).status == "paid"
    assert (await pay(db, player, new_room(), amount=20)).status == "already_in_room"
    seat = await games.live_seat(db, player)
    assert seat is not None
    await games.refund(db, seat.seat_id, "left")
    assert (await spending_limits.mine(db, player)).spent_stars == 50
    refused = await pay(db, player, new_room(), amount=5000)
    assert refused.status == "limit_reached"  # and not too little balance, which would ask for a payment
    assert refused.response is not None
    details = msgspec.json.decode(refused.response)
    assert (details["limit"], details["daily_stars"], details["spent_stars"]) == ("daily", 100, 50)
    assert details["until_ms"] == (await spending_limits.mine(db, player)).day_ends_ms
    await assert_clean(db)


async def test_the_day_begins_and_ends_at_midnight_utc(db: Database, database_url: str) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    (seat,) = await fill(db, room, [player])

    def paid_at(connection: psycopg.Connection, moment: str) -> None:
        connection.execute("UPDATE game.seats SET created_at = %s", [moment])

    with psycopg.connect(database_url, autocommit=True) as connection:

        def refusal(moment: str, stars: int) -> Any:
            row = connection.execute("SELECT pay.stake_refusal(%s, %s, %s)", [player, stars, moment]).fetchone()
            assert row is not None
            return None if row[0] is None else msgspec.json.decode(row[0])

        for state in ("live", "settled"):
            if state == "settled":
                await games.settle(db, room, finished(room, [Finisher(seat, player, 9)]))
                connection.execute("UPDATE game.seats SET decided_at = '2026-11-23 00:00:30+00'")
            connection.execute("TRUNCATE pay.spending_limits")
            await spending_limits.put(db, player, daily_stars=60, excluded_until_ms=None)
            paid_at(connection, "2026-11-22 23:59:59.999999+00")
            assert refusal("2026-11-22 23:59:59.999999+00", 11)["limit"] == "daily"
            assert refusal("2026-11-22 23:59:59.999999+00", 10) is None
            assert refusal("2026-11-23 00:00:00+00", 60) is None  # another day
            assert refusal("2026-11-23 00:00:00+00", 61)["until_ms"] == 1_795_478_400_000
            paid_at(connection, "2026-11-23 00:00:00+00")
            assert refusal("2026-11-23 00:00:00+00", 11)["spent_stars"] == 50
            assert refusal("2026-11-23 23:59:59.999999+00", 11)["spent_stars"] == 50
            assert refusal("2026-11-24 00:00:00+00", 60) is None
            # Whatever the session's own time zone is.
            connection.execute("SET TIME ZONE 'Pacific/Auckland'")
            assert refusal("2026-11-23 00:00:00+00", 11)["spent_stars"] == 50
            assert refusal("2026-11-24 00:00:00+00", 60) is None
            connection.execute("SET TIME ZONE 'UTC'")


async def test_who_is_excluded_neither_stakes_nor_organizes_but_leaves(db: Database) -> None:
    player, other = await sign_up(db, 2)
    room, key_room = new_room(), await hero_room(db, other)
    (seat,) = await fill(db, room, [player])
    until = 4_102_444_800_000
    await spending_limits.put(db, player, daily_stars=None, excluded_until_ms=until)
    assert (await games.refund(db, seat, "left")).status == "refunded"
    for reply in (
        await pay(db, player, new_room()),
        await pay(db, player, key_room, kind="hero", fee_bps=1000),
        await organize(db, player, new_room()),
    ):
        assert reply.status == "limit_reached"
        assert msgspec.json.decode(reply.response or b"") == {"limit": "excluded", "until_ms": until}
    await assert_clean(db)


async def test_a_spent_day_does_not_forbid_to_organize(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    await spending_limits.put(db, player, daily_stars=0, excluded_until_ms=None)
    assert (await pay(db, player, new_room(), amount=1)).status == "limit_reached"
    assert (await organize(db, player, new_room())).status == "paid"


async def test_stakes_at_once_never_pass_the_limit_together(db: Database) -> None:
    """Each has a room of its own that is settled as soon as it is paid, so that many stakes could be under way."""
    (player,) = await sign_up(db, 1)
    await spending_limits.put(db, player, daily_stars=200, excluded_until_ms=None)

    async def one() -> str:
        room = new_room()
        reply = await pay(db, player, room)
        if reply.status == "paid":
            assert reply.seat_id is not None
            await games.settle(db, room, finished(room, [Finisher(reply.seat_id, player, 9)]))
        return reply.status

    paid = 0
    for _ in range(4):
        paid += (await asyncio.gather(*(one() for _ in range(8)))).count("paid")
    assert paid == 4
    assert (await spending_limits.mine(db, player)).spent_stars == 200
    await assert_clean(db)


async def test_once_a_tighter_limit_is_told_no_stake_passes_it(db: Database) -> None:
    for player in await sign_up(db, 10):
        await spending_limits.put(db, player, daily_stars=1000, excluded_until_ms=None)
        room = new_room()
        reply, _ = await asyncio.gather(
            pay(db, player, room), spending_limits.put(db, player, daily_stars=10, excluded_until_ms=None)
        )
        assert reply.status in ("paid", "limit_reached")
        if reply.status == "paid":
            assert reply.seat_id is not None
            await games.refund(db, reply.seat_id, "left")
        assert (await pay(db, player, new_room())).status == "limit_reached"
    await assert_clean(db)


async def test_over_rest(client: httpx.AsyncClient, log_in: LogIn) -> None:  # noqa: F811
    player: Player = await log_in(11)
    shown = (await client.get(f"{API}/limits", headers=player.headers)).json()["limits"]
    assert (shown["daily_stars"], shown["excluded_until_ms"], shown["pending_daily"]) == (None, None, None)
    body = {"daily_stars": 30, "excluded_until_ms": None}
    assert (await client.put(f"{API}/limits", headers=player.headers, json=body)).status_code == 200
    looser = await client.put(f"{API}/limits", headers=player.headers, json={**body, "daily_stars": 500})
    assert looser.json()["limits"]["daily_stars"] == 30
    assert looser.json()["limits"]["pending_daily"]["daily_stars"] == 500

    async def join(key: str, stake: int) -> httpx.Response:
        headers = {**player.headers, "idempotency-key": key}
        return await client.post(f"{API}/rooms/join", headers=headers, json={"stake": stake})

    refused = await join("a", 50)
    assert (refused.status_code, refused.json()["code"]) == (403, "limit_reached")
    assert refused.json()["details"]["limit"] == "daily"
    joined = await join("a", 20)
    assert joined.status_code == 200
    room_id = joined.json()["room"]["room_id"]
    until = shown["day_ends_ms"] + 30 * DAY_MS
    excluded = await client.put(
        f"{API}/limits", headers=player.headers, json={"daily_stars": None, "excluded_until_ms": until}
    )
    assert excluded.json()["limits"]["excluded_until_ms"] == until
    assert (await client.post(f"{API}/rooms/{room_id}/leave", headers=player.headers)).status_code == 200
    assert (await join("b", 20)).json()["details"] == {"limit": "excluded", "until_ms": until}
    organized = await client.post(f"{API}/rooms", headers={**player.headers, "idempotency-key": "c"}, json={"fee": 20})
    assert (organized.status_code, organized.json()["code"]) == (403, "limit_reached")
    assert (await log_in(11)).user_id == player.user_id


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"daily_stars": -1, "excluded_until_ms": None},
        {"daily_stars": 10**10, "excluded_until_ms": None},
        {"daily_stars": "5", "excluded_until_ms": None},
        {"daily_stars": 1.5, "excluded_until_ms": None},
        {"daily_stars": True, "excluded_until_ms": None},
        {"daily_stars": None, "excluded_until_ms": -1},
        {"daily_stars": None, "excluded_until_ms": 2**53 - 1},
        {"daily_stars": None, "excluded_until_ms": "tomorrow"},
    ],
)
async def test_what_is_no_limit_is_refused(client: httpx.AsyncClient, log_in: LogIn, body: dict[str, Any]) -> None:  # noqa: F811
    player = await log_in(12)
    refused = await client.put(f"{API}/limits", headers=player.headers, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    shown = (await client.get(f"{API}/limits", headers=player.headers)).json()["limits"]
    assert (shown["daily_stars"], shown["excluded_until_ms"]) == (None, None)


async def test_nobody_sees_or_changes_anothers_limits(
    db: Database,
    execute: Callable[..., list[tuple[Any, ...]]],
) -> None:
    one, two = await sign_up(db, 2)
    await spending_limits.put(db, one, daily_stars=5, excluded_until_ms=None)
    await spending_limits.put(db, two, daily_stars=None, excluded_until_ms=None)
    assert (await spending_limits.mine(db, one)).daily_stars == 5
    assert (await spending_limits.mine(db, two)).daily_stars is None
    assert execute(
        "SELECT a.user_id, l.daily_stars FROM pay.spending_limits AS l JOIN auth.users AS a USING (person_id)"
        " ORDER BY a.user_id"
    ) == [(one, 5), (two, None)]
