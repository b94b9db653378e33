"""Joining, looking at and leaving standard rooms; Idempotency-Key."""

import asyncio
from typing import Any

import httpx

from chance_tap.settings import Settings
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, LogIn, Player, code_of

JOIN = f"{API}/rooms/join"


async def join(client: httpx.AsyncClient, player: Player, key: str = "key", **body: Any) -> httpx.Response:
    return await client.post(JOIN, headers=player.headers | {"idempotency-key": key}, json={"stake": 50} | body)


async def balance(client: httpx.AsyncClient, player: Player) -> int:
    me = (await client.get(f"{API}/me", headers=player.headers)).json()
    return int(me["balance"])


async def test_tiers(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    player = await log_in()
    tiers = (await client.get(f"{API}/tiers", headers=player.headers)).json()["tiers"]
    assert [tier["stake"] for tier in tiers] == list(settings.stakes)
    assert tiers[1] == {"stake": 50, "capacity": 10, "waiting": 0, "playing": 0, "prize": 500}


async def test_join_look_and_leave(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    player, other, stranger = await log_in(7), await log_in(8, photo_url="https://t.me/p.svg"), await log_in(9)
    room = (await join(client, player)).json()["room"]
    assert (room["state"], room["stake"], room["pool"], room["capacity"]) == ("waiting", 50, 50, 10)
    assert [(p["user_id"], p["name"], p["state"]) for p in room["players"]] == [(player.user_id, "Player 7", "paid")]
    assert await balance(client, player) == settings.demo_stars - 50
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["room_id"] == room["room_id"]

    second = (await join(client, other)).json()["room"]
    assert second["room_id"] == room["room_id"]
    assert (second["pool"], len(second["players"])) == (100, 2)
    path = f"{API}/rooms/{room['room_id']}"
    seen = (await client.get(path, headers=player.headers)).json()["room"]
    assert {p["user_id"]: p["photo_url"] for p in seen["players"]} == {
        player.user_id: None,
        other.user_id: "https://t.me/p.svg",
    }
    assert code_of(await client.get(path, headers=stranger.headers)) == (404, "not_found")
    assert code_of(await client.post(f"{path}/leave", headers=stranger.headers)) == (404, "not_found")

    left = await client.post(f"{path}/leave", headers=player.headers)
    assert left.json() == {"balance": settings.demo_stars}
    assert code_of(await client.get(path, headers=player.headers)) == (404, "not_found")
    assert (await client.get(path, headers=other.headers)).json()["room"]["pool"] == 50


async def test_coming_back_pays_again(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    player, other = await log_in(7), await log_in(8)
    await join(client, other)
    room_id = (await join(client, player, "one")).json()["room"]["room_id"]
    await client.post(f"{API}/rooms/{room_id}/leave", headers=player.headers)
    again = (await join(client, player, "two")).json()["room"]
    assert again["room_id"] == room_id
    assert await balance(client, player) == settings.demo_stars - 50


async def test_the_same_key_gives_the_same_bytes(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    player, other = await log_in(7), await log_in(8)
    first = await join(client, player)
    await join(client, other)
    headers = player.headers | {"idempotency-key": "key", "content-type": "application/json"}
    again = await client.post(JOIN, headers=headers, content=b' { "stake" : 50 } ')
    assert (again.status_code, again.content) == (200, first.content)
    assert code_of(await join(client, player, stake=20)) == (409, "idempotency_mismatch")
    assert (await join(client, other)).status_code == 200, "keys are each player's own"
    assert await balance(client, player) == settings.demo_stars - 50


async def test_only_successes_are_kept_under_a_key(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings
) -> None:
    player = await log_in()
    room_id = (await join(client, player, "first")).json()["room"]["room_id"]
    refused = await join(client, player, "second")
    assert code_of(refused) == (409, "already_in_room")
    assert refused.json()["details"] == {"room_id": room_id}
    await client.post(f"{API}/rooms/{room_id}/leave", headers=player.headers)
    assert (await join(client, player, "second")).status_code == 200


async def test_too_little_balance(client: httpx.AsyncClient, log_in: LogIn, execute: Execute) -> None:
    player = await log_in()
    execute("UPDATE ledger.balances SET balance = 49 WHERE user_id = %s", int(player.user_id))
    refused = await join(client, player)
    assert code_of(refused) == (402, "insufficient_balance")
    assert refused.json()["details"] == {"needed": 50, "balance": 49}
    assert (await join(client, player, stake=20)).status_code == 200


async def test_keys_that_are_none(client: httpx.AsyncClient, unlimited: Player) -> None:
    for key in (None, b"", b"x" * 201, b"a b", b"tab\there", "ключ".encode(), b"\xff\xfe", b"\x7f"):
        headers = [(b"authorization", f"Bearer {unlimited.token}".encode())]
        headers += [(b"idempotency-key", key)] if key is not None else []
        for path in (JOIN, f"{API}/rooms", f"{API}/rooms/join-by-key"):
            refused = await client.post(path, headers=headers, json={"stake": 50, "fee": 50, "key": "0123456789"})
            assert code_of(refused) == (400, "invalid_request"), (path, key)
            assert refused.json()["details"]["fields"][0]["field"] == "Idempotency-Key"


async def test_keys_at_their_limits(client: httpx.AsyncClient, unlimited: Player) -> None:
    for key in ("x", "x" * 200, "!~\"'\\%{}"):
        joined = await join(client, unlimited, key)
        left = await client.post(f"{API}/rooms/{joined.json()['room']['room_id']}/leave", headers=unlimited.headers)
        assert left.status_code == 200, key


async def test_rooms_that_are_none(client: httpx.AsyncClient, unlimited: Player) -> None:
    for room_id in ("x", "0" * 16, "40" + "a" * 14, "00" + "A" * 14, "00" + "a" * 15, "%00", "%FF%FE", "0" * 5000):
        path = f"{API}/rooms/{room_id}"
        assert code_of(await client.get(path, headers=unlimited.headers)) == (404, "not_found"), room_id
        assert code_of(await client.post(f"{path}/leave", headers=unlimited.headers)) == (404, "not_found"), room_id


async def test_leaving_twice_pays_once(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    player = await log_in()
    room_id = (await join(client, player)).json()["room"]["room_id"]
    path = f"{API}/rooms/{room_id}/leave"
    answers = await asyncio.gather(*(client.post(path, headers=player.headers) for _ in range(5)))
    assert 200 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert await balance(client, player) == settings.demo_stars


async def test_leaving_after_the_start_is_too_late(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings
) -> None:
    players = [await log_in(number) for number in range(1, settings.capacity + 1)]
    rooms = [(await join(client, player)).json()["room"] for player in players]
    assert {room["room_id"] for room in rooms} == {rooms[0]["room_id"]}
    assert rooms[-1]["state"] == "countdown"
    refused = await client.post(f"{API}/rooms/{rooms[0]['room_id']}/leave", headers=players[0].headers)
    assert code_of(refused) == (409, "room_closed")
    late = (await join(client, await log_in(99))).json()["room"]
    assert late["room_id"] != rooms[0]["room_id"]
