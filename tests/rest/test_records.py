"""The record of a game over REST: for who was in it, and nobody else."""

from typing import Any

import httpx
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.records.signing import Signer
from persistence.records.verify import verify
from persistence.redis.store import RedisStore
from tests.record.conftest import maker
from tests.rest.conftest import API, LogIn
from tests.rooms.conftest import World


@pytest_asyncio.fixture
async def world(settings: Settings, live: RedisStore, db: Database) -> World:
    from dataclasses import replace

    return World(replace(settings, capacity=2, countdown_s=0, game_s=1, wait_s=1), live, db)


async def ask(client: httpx.AsyncClient, player: Any, path: str) -> httpx.Response:
    return await client.get(f"{API}{path}", headers=player.headers)


async def test_players_get_the_record_and_others_do_not(world: World, client: httpx.AsyncClient, log_in: LogIn) -> None:
    one, two, stranger = [await log_in(number) for number in (1, 2, 3)]
    room_id = ""
    for player in (one, two):
        room_id = (await world.sit(int(player.user_id))).room_id
    await world.play(room_id, {int(one.user_id): 5, int(two.user_id): 3})
    await world.settle()
    assert (await ask(client, one, f"/games/{room_id}/record")).status_code == 404  # it is still to be made
    await maker(world).round()
    keys = (await ask(client, stranger, "/record-keys")).json()["keys"]
    for player in (one, two):
        answer = await ask(client, player, f"/games/{room_id}/record")
        assert answer.status_code == 200
        assert verify(answer.content, keys[0]["public_key"]).findings == []
    for player, path in ((stranger, room_id), (one, "00" + "0" * 14), (one, "nonsense")):
        answer = await ask(client, player, f"/games/{path}/record")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get(f"{API}/games/{room_id}/record")).status_code == 401


async def test_the_organizer_of_a_hero_room_gets_it_too(world: World, client: httpx.AsyncClient, log_in: LogIn) -> None:
    host, one, two = [await log_in(number) for number in (1, 2, 3)]
    made = await world.seats.create_hero(int(host.user_id), 20, IdempotencyKey(f"{API}/rooms/hero", "k", b""))
    assert made.room_state is not None
    room = made.room_state
    for player in (one, two):
        await world.seats.join_by_key(
            int(player.user_id), room.key or "", IdempotencyKey(f"{API}/rooms/join-by-key", "k", b"")
        )
    await world.live.rooms.start(room.room_id, host.user_id)
    await world.play(room.room_id, {int(one.user_id): 5, int(two.user_id): 3})
    await world.settle()
    await maker(world).round()
    answer = await ask(client, host, f"/games/{room.room_id}/record")
    assert answer.status_code == 200
    assert verify(answer.content).findings == []
    record = answer.json()
    assert record["decision"]["payouts"] == {host.user_id: 4, one.user_id: 36, two.user_id: 0}


async def test_the_key_is_known_before_the_first_record(
    settings: Settings, client: httpx.AsyncClient, log_in: LogIn
) -> None:
    signer = Signer.from_settings(settings)
    answer = await ask(client, await log_in(1), "/record-keys")
    assert answer.json() == {"keys": [{"key_id": signer.key_id, "public_key": signer.public_key}]}
