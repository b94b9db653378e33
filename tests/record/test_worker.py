"""From a played game to its record: made once, whoever dies on the way."""

import asyncio
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from persistence.errors import StoreUnavailable
from persistence.postgres import records
from persistence.records.document import decode, unpack
from persistence.records.signing import Signer
from persistence.records.verify import verify
from tests.record.conftest import document, maker, play
from tests.rooms.conftest import GRANT, STAKE, World
from workers.jobs import purge_records
from workers.loops.records import Records


def count(world: World, table: str) -> int:
    with psycopg.connect(world.settings.database_url) as connection:
        row: Any = connection.execute(f"SELECT count(*) FROM game.{table}").fetchone()
    return int(row[0])


async def test_a_game_gets_its_record(world: World) -> None:
    room_id = await play(world)
    with capture_logs() as logs:
        await maker(world).round()
    assert logs == []
    raw = unpack(await document(world, room_id))
    signer = Signer.from_settings(world.settings)
    verdict = verify(raw, signer.public_key)
    assert verdict.findings == []
    assert verdict.recomputed
    record = decode(raw)
    assert [len(player.frames) for player in record.players] == [5, 5, 6]
    assert [line.blocked for line in record.seen.standings] == [False, False, True]
    assert record.decision.prize == 3 * STAKE
    winner = record.decision.winner
    assert winner is not None
    assert await world.balance(int(winner)) == GRANT + 2 * STAKE
    assert {key.key_id for key in await records.public_keys(world.db)} == {signer.key_id}
    assert len(await records.signals(world.db, room_id)) == 3
    assert count(world, "record_queue") == 0


async def test_workers_at_once_make_one_record(world: World) -> None:
    room_id = await play(world)
    await asyncio.gather(*(maker(world).round() for _ in range(4)))
    first = await document(world, room_id)
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("INSERT INTO game.record_queue (room_id) VALUES (%s)", [room_id])
    await maker(world).round()
    assert await document(world, room_id) == first
    assert (count(world, "records"), count(world, "record_queue"), count(world, "signals")) == (1, 0, 3)


async def test_what_a_dead_worker_took_up_comes_again(world: World) -> None:
    room_id = await play(world)
    assert [due.room_id for due in await records.claim(world.db, 8, 0.0)] == [room_id]
    await maker(world).round()
    assert verify(unpack(await document(world, room_id))).findings == []


async def test_another_worker_leaves_a_game_that_is_under_way(world: World) -> None:
    await play(world)
    assert len(await records.claim(world.db, 8, 30.0)) == 1
    assert await records.claim(world.db, 8, 30.0) == []
    await maker(world).round()
    assert count(world, "records") == 0


async def test_a_log_that_redis_lost_is_recorded_as_missing(world: World, redis_url: str) -> None:
    room_id = await play(world)
    await world.live.router.execute(0, "FLUSHALL")
    with capture_logs() as logs:
        await maker(world).round()
    assert [(line["event"], line["log"]) for line in logs] == [("record without all its frames", "missing")]
    verdict = verify(unpack(await document(world, room_id)))
    assert verdict.findings == []
    assert not verdict.recomputed
    assert any("missing" in note for note in verdict.notes)


async def test_a_store_that_is_away_delays_the_record_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    room_id = await play(world)
    late = maker(world, lease_s=0.0)

    async def away(_room_id: str) -> bytes:
        raise StoreUnavailable("redis")

    with monkeypatch.context() as patched:
        patched.setattr(world.live.rooms, "log", away)
        with pytest.raises(StoreUnavailable):
            await late.round()
    await late.round()
    assert verify(unpack(await document(world, room_id))).findings == []


async def test_rooms_without_a_game_have_no_record(world: World) -> None:
    user_id = await world.player()
    room = await world.sit(user_id)
    await world.tick_until(room.room_id, "cancelled")
    await world.settle()
    assert count(world, "record_queue") == 0


async def test_a_game_in_which_nobody_tapped_has_one(world: World) -> None:
    players = [await world.player() for _ in range(2)]
    room_id = ""
    for user_id in players:
        room_id = (await world.sit(user_id)).room_id
    await world.play(room_id, {})
    await world.settle()
    await maker(world).round()
    raw = unpack(await document(world, room_id))
    assert verify(raw).findings == []
    assert decode(raw).decision.outcome == "refunded"


async def test_seats_that_were_given_back_before_are_in_its_money(world: World) -> None:
    leaver, *players = [await world.player() for _ in range(3)]
    room = await world.sit(leaver)
    await world.seats.leave(leaver, room.room_id)
    for user_id in players:
        assert (await world.sit(user_id)).room_id == room.room_id
    await world.play(room.room_id, {players[0]: 3, players[1]: 5})
    await world.settle()
    await maker(world).round()
    raw = unpack(await document(world, room.room_id))
    assert verify(raw).findings == []
    assert len(decode(raw).transfers) == 5


async def test_records_of_an_older_key_stay_checkable(world: World) -> None:
    room_id = await play(world)
    old = Signer(bytes(32))
    await Records(world.live, world.db, old).round()
    await play(world, seed=2)
    await maker(world).round()
    keys = {key.key_id: key.public_key.hex() for key in await records.public_keys(world.db)}
    record = decode(unpack(await document(world, room_id)))
    assert len(keys) == 2
    assert verify(unpack(await document(world, room_id)), keys[record.signature.key_id]).findings == []


async def test_rhythms_of_eight_games_are_kept(world: World) -> None:
    await play(world)
    await maker(world).round()
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute(
            "INSERT INTO game.rooms (room_id, kind, outcome, decided_at, decision)"
            " SELECT '00' || lpad(n::text, 14, '0'), 'standard', 'refunded', now(), '{}' FROM generate_series(1, 9) n"
        )
        connection.execute(
            "INSERT INTO game.rhythms SELECT %s, '00' || lpad(n::text, 14, '0'), '', now() - interval '1 day'"
            " FROM generate_series(1, 9) n",
            [world.players[0]],
        )
        connection.execute("DELETE FROM game.records")
        connection.execute("DELETE FROM game.signals")
        connection.execute("DELETE FROM game.rhythms WHERE rhythm <> ''")
        connection.execute("INSERT INTO game.record_queue SELECT room_id FROM game.rooms WHERE stake IS NOT NULL")
    await maker(world).round()
    with psycopg.connect(world.settings.database_url) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE rhythm <> '') FROM game.rhythms WHERE user_id = %s",
            [world.players[0]],
        ).fetchone()
    assert row == (8, 1)


async def test_old_records_are_forgotten(world: World) -> None:
    await play(world)
    await maker(world).round()
    await purge_records({"db": world.db})
    assert (count(world, "records"), count(world, "signals")) == (1, 3)
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE game.records SET created_at = now() - interval '91 days'")
        connection.execute("UPDATE game.signals SET created_at = now() - interval '366 days'")
    await purge_records({"db": world.db})
    assert (count(world, "records"), count(world, "signals")) == (0, 0)


async def test_settlements_go_before_records(world: World) -> None:
    for seed in range(2):
        await play(world, seed=seed)
    busy = Records(world.live, world.db, Signer.from_settings(world.settings), backlog=lambda: 1_000)
    assert await busy.round() > 0
    assert count(world, "records") == 1
    await maker(world).round()
    assert count(world, "records") == 2
