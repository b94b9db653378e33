"""What an operator does at night: `room show`, `room refund`, `audit --repair`."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import redis

from chance_tap.telemetry import log
from cli import main
from cli.commands.repair import repair
from persistence.postgres import games
from persistence.redis import keys
from persistence.redis.keys import new_room_id
from persistence.redis.user_events import BalanceChanged
from persistence.rooms import operator
from persistence.rooms.seats import standard_terms
from persistence.rooms.settlement import Settlement
from tests.fixtures.user_events import Ear
from tests.rooms.conftest import GRANT, STAKE, World

GHOST = "00000000-0000-4000-8000-000000000000"


async def sit_two(world: World, stake: int = STAKE) -> tuple[str, int, int]:
    first, second = await world.player(), await world.player()
    await world.sit(first, stake=stake)
    return (await world.sit(second, stake=stake)).room_id, first, second


async def show(world: World, room_id: str) -> dict[str, Any]:
    return await operator.look(world.live, world.db, room_id)


async def refund(world: World, room_id: str, reason: str = "operator") -> operator.Refunded:
    return await operator.refund(world.live, world.db, room_id, reason)


async def command(world: World, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "load_settings", lambda: world.settings)
        patch.setattr(log, "configure", lambda *_, **__: None)  # it would outlive the test
        return await asyncio.to_thread(main.main, words)


async def assert_all_is_back(world: World) -> None:
    assert [await world.balance(user_id) for user_id in world.players] == [GRANT] * len(world.players)
    assert [await world.room_of(user_id) for user_id in world.players] == [None] * len(world.players)
    assert await world.audit() == []


# room show


async def test_show_a_running_and_a_settled_room(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    room_id, slow, fast = await sit_two(world)
    shown = await show(world, room_id)
    assert shown["wrong"] == []
    assert shown["redis"]["state"] == "countdown"
    assert shown["postgres"]["room"]["outcome"] == "open"
    assert shown["postgres"]["escrow"] == 2 * STAKE
    assert {player["user_id"] for player in shown["redis"]["players"]} == {str(slow), str(fast)}

    await world.play(room_id, {slow: 3, fast: 7})
    assert [line for line in (await show(world, room_id))["wrong"] if "undecided" in line]
    await world.settle()
    assert await command(world, "room", "show", room_id, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["redis"]["outcome"]["winner"] == str(fast)
    assert shown["postgres"]["room"]["winner_id"] == fast
    assert {transfer["kind"] for transfer in shown["postgres"]["transfers"]} == {"stake", "settle"}
    assert shown["record"] is None
    assert shown["signals"] == []
    assert all(sum(entry["amount"] for entry in t["entries"]) == 0 for t in shown["postgres"]["transfers"])

    assert await command(world, "room", "show", room_id) == 0
    text = capsys.readouterr().out
    assert f"winner {fast}" in text
    assert f"{slow}: 3 taps" in text
    assert text.endswith("the stores agree\n")


async def test_show_says_what_is_wrong(
    world: World, flush: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    room_id, *_ = await sit_two(world)
    held = (await world.sit(await world.player(), stake=2)).room_id
    await world.live.rooms.reserve(held, GHOST, "999", "tag", standard_terms(world.settings, 2))
    await world.live.rooms.confirm(held, GHOST, "999", b"{}")
    assert (await show(world, held))["wrong"] == [f"seat {GHOST} plays in Redis"]

    flush()
    assert (await show(world, room_id))["wrong"] == ["undecided, 2 live seats"]
    assert await command(world, "room", "show", room_id) == 1
    assert "does not know it" in capsys.readouterr().out
    assert await command(world, "room", "show", new_room_id()) == 1
    assert "neither store" in capsys.readouterr().out
    assert await command(world, "room", "show", "somewhere") == 2
    assert "no room id" in capsys.readouterr().err


async def test_show_tells_of_a_decision_that_redis_does_not_know(world: World) -> None:
    room_id, *_ = await sit_two(world)
    await games.void(world.db, room_id, "operator")
    assert (await show(world, room_id))["wrong"] == ["decided in Postgres (refunded), countdown in Redis"]


# room refund


@pytest.mark.parametrize("state", ["waiting", "countdown", "playing"])
async def test_a_room_that_runs_is_ended_and_everybody_is_notified(world: World, ear: Ear, state: str) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    subscriber = world.live.subscriber(lambda _channel, message: heard.put_nowait(message), lambda _: None)
    player = await world.player()
    room_id = (await world.sit(player)).room_id
    if state != "waiting":
        await world.sit(await world.player())
    if state == "playing":
        await world.tick_until(room_id, "playing")
        assert await world.tap(room_id, player, 5, 1) == 1

    await ear.next(1 if state == "waiting" else 2)  # what they paid
    await subscriber.subscribe(keys.room(room_id).channel)

    answer = await refund(world, room_id)
    assert answer.status == "refunded"
    assert answer.outcome is not None
    assert answer.outcome["payouts"][str(player)] == STAKE
    assert json.loads(await asyncio.wait_for(heard.get(), 10))["type"] == "cancelled"
    assert (str(player), BalanceChanged(GRANT)) in await ear.next(1 if state == "waiting" else 2)
    await assert_all_is_back(world)
    assert (await refund(world, room_id)).status == "already_refunded"
    await world.recover()
    await assert_all_is_back(world)


async def test_a_settled_room_is_refused_with_its_outcome(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    room_id, slow, fast = await sit_two(world)
    await world.play(room_id, {slow: 1, fast: 2})
    await world.settle()
    answer = await refund(world, room_id)
    assert answer.status == "refused"
    assert answer.outcome is not None
    assert answer.outcome["winner"] == str(fast)
    assert await world.balance(fast) == GRANT + STAKE
    assert await command(world, "room", "refund", room_id) == 1
    assert f"{fast} won {2 * STAKE}" in capsys.readouterr().out


async def test_a_game_that_is_over_is_settled_not_refunded(world: World) -> None:
    room_id, slow, fast = await sit_two(world)
    await world.play(room_id, {slow: 1, fast: 2})
    assert (await refund(world, room_id)).status == "refused"
    assert await world.balance(fast) == GRANT + STAKE
    assert await world.balance(slow) == GRANT - STAKE
    await world.settle()
    assert await world.audit() == []


async def test_a_room_that_redis_lost_is_refunded_by_the_books(world: World, flush: Callable[[], None]) -> None:
    room_id, *_ = await sit_two(world)
    flush()
    answer = await refund(world, room_id, "machine_died")
    assert answer.status == "refunded"
    assert answer.outcome is not None
    assert answer.outcome["reason"] == "machine_died"
    await assert_all_is_back(world)


async def test_a_result_that_cannot_be_settled_does_not_bind_the_stakes(world: World, redis_url: str) -> None:

    room_id, slow, fast = await sit_two(world)
    await world.play(room_id, {slow: 1, fast: 2})
    with redis.Redis.from_url(redis_url) as client:
        client.hset(keys.room(room_id).data.decode(), "result", "{")
    assert (await refund(world, room_id)).status == "refunded"
    await assert_all_is_back(world)


async def test_unknown_rooms_and_bad_words(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert await command(world, "room", "refund", new_room_id(), "--json") == 1
    assert json.loads(capsys.readouterr().out)["status"] == "not_found"
    assert await command(world, "room", "refund", new_room_id(), "--reason", 'a "quoted" one') == 2
    assert "--reason" in capsys.readouterr().err


async def test_refunds_and_settlement_at_once_decide_once(world: World) -> None:
    room_id, slow, fast = await sit_two(world)
    await world.play(room_id, {slow: 1, fast: 2})
    result = await world.live.rooms.result(room_id)
    assert result is not None
    settlement = Settlement(world.live, world.db)
    await asyncio.gather(*(refund(world, room_id) for _ in range(3)), settlement.settle_room(room_id, result))
    assert await world.balance(fast) == GRANT + STAKE
    assert await world.audit() == []


# audit --repair


async def test_repair_finishes_everything_that_was_left(world: World, flush: Callable[[], None]) -> None:
    lost, *_ = await sit_two(world, 1)
    flush()
    ended, slow, fast = await sit_two(world, 2)
    await world.play(ended, {slow: 1, fast: 2})
    orphan = await world.sit(await world.player(), stake=3)
    await world.live.rooms.leave(orphan.room_id, orphan.players[0].seat_id)
    before = await world.total()
    assert {finding.rule for finding in await world.audit()} == {
        "room_not_in_redis",
        "room_not_settled",
        "seat_not_in_redis",
    }

    done = await repair(world.live, world.db, world.settings.stakes, unconfirmed_after_s=0, void_after_s=0.1)
    assert any(line.startswith(f"room {lost} refunded") for line in done)
    assert any(line.startswith(f"room {ended} settled") for line in done)
    assert any(orphan.players[0].seat_id in line for line in done)
    assert await world.audit() == []
    assert await world.total() == before
    assert await world.balance(fast) == GRANT + 2
    assert await repair(world.live, world.db, world.settings.stakes, unconfirmed_after_s=0, void_after_s=0.1) == []


async def test_repair_leaves_rooms_that_run_and_wrong_books_alone(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    room_id, *_ = await sit_two(world)
    assert await command(world, "audit", "--repair", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"clean": True, "done": [], "findings": []}
    state = await world.live.rooms.snapshot(room_id)
    assert state is not None
    assert state.state in ("countdown", "playing")

    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE ledger.balances SET balance = balance + 1 WHERE user_id = %s", (world.players[0],))
    assert await command(world, "audit", "--repair") == 1
    text = capsys.readouterr().out
    assert text.startswith("Nothing to repair.")
    assert "balance_differs" in text


async def test_repair_names_a_room_that_cannot_be_settled(world: World, redis_url: str) -> None:

    room_id, slow, fast = await sit_two(world)
    await world.play(room_id, {slow: 1, fast: 2})
    with redis.Redis.from_url(redis_url) as client:
        client.hset(keys.room(room_id).data.decode(), "result", "{}")
        client.delete(keys.partition(keys.partition_of(room_id)).results.decode())
    done = await asyncio.wait_for(
        repair(world.live, world.db, world.settings.stakes, unconfirmed_after_s=0, void_after_s=0), 60
    )
    assert any("cannot be settled" in line and room_id in line for line in done)
