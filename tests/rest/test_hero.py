"""Making, finding, joining, starting and leaving hero rooms over REST."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.rate_limits import Rate
from persistence.base32 import ALPHABET
from persistence.redis.keys import KEY_LENGTH, new_room_key
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, LogIn, Player, code_of

ROOMS = f"{API}/rooms"
BY_KEY = f"{ROOMS}/by-key"
JOIN_BY_KEY = f"{ROOMS}/join-by-key"
FEE = 35


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, countdown_s=60, hero_capacity=3)


async def create(client: httpx.AsyncClient, player: Player, key: str = "key", fee: int = FEE) -> httpx.Response:
    return await client.post(ROOMS, headers=player.headers | {"idempotency-key": key}, json={"fee": fee})


async def join(client: httpx.AsyncClient, player: Player, room_key: str, key: str = "key") -> httpx.Response:
    return await client.post(JOIN_BY_KEY, headers=player.headers | {"idempotency-key": key}, json={"key": room_key})


async def look(client: httpx.AsyncClient, player: Player, room_key: str) -> httpx.Response:
    return await client.get(f"{BY_KEY}/{room_key}", headers=player.headers)


async def start(client: httpx.AsyncClient, player: Player, room_id: str) -> httpx.Response:
    return await client.post(f"{ROOMS}/{room_id}/start", headers=player.headers)


async def leave(client: httpx.AsyncClient, player: Player, room_id: str) -> httpx.Response:
    return await client.post(f"{ROOMS}/{room_id}/leave", headers=player.headers)


async def me(client: httpx.AsyncClient, player: Player) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{API}/me", headers=player.headers)).json()
    return found


async def test_a_room_from_its_creation_to_its_start(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings
) -> None:
    organizer, anna, boris = await log_in(1), await log_in(2), await log_in(3)
    room = (await create(client, organizer)).json()["room"]
    made_by = {"user_id": organizer.user_id, "name": (await me(client, organizer))["name"], "photo_url": None}
    expected = {
        "kind": "hero", "state": "waiting", "stake": FEE, "capacity": 3, "target": 200, "pool": 0, "prize": 0,
        "organizer_id": organizer.user_id, "organizer": made_by, "players": [], "result": None, "starts_ms": None,
    }  # fmt: skip
    assert {name: room[name] for name in expected} == expected
    assert room["deadline_ms"] == room["created_ms"] + settings.hero_wait_s * 1000
    assert (await me(client, organizer))["room_id"] == room["room_id"]
    assert (await me(client, organizer))["balance"] == settings.demo_stars
    assert (await look(client, anna, room["key"])).json() == {
        "fee": FEE,
        "organizer": made_by,
        "players": 0,
        "deadline_ms": room["deadline_ms"],
    }

    seen = (await join(client, anna, room["key"])).json()["room"]
    assert (seen["room_id"], seen["key"], seen["pool"], seen["prize"]) == (room["room_id"], None, 35, 32)
    assert (await me(client, anna))["balance"] == settings.demo_stars - FEE
    assert code_of(await start(client, organizer, room["room_id"])) == (409, "conflict")
    seen = (await join(client, boris, room["key"])).json()["room"]
    assert (seen["pool"], seen["prize"]) == (70, 63)
    assert (await look(client, boris, room["key"])).json()["players"] == 2

    path = f"{ROOMS}/{room['room_id']}"
    assert (await client.get(path, headers=organizer.headers)).json()["room"]["key"] == room["key"]
    assert (await client.get(path, headers=anna.headers)).json()["room"]["key"] is None
    assert code_of(await client.get(path, headers=(await log_in(4)).headers)) == (404, "not_found")

    assert code_of(await start(client, anna, room["room_id"])) == (403, "forbidden")
    started = (await start(client, organizer, room["room_id"])).json()["room"]
    assert (started["state"], started["key"]) == ("countdown", room["key"])
    assert (await start(client, organizer, room["room_id"])).json()["room"] == started
    for player in (organizer, anna):
        assert code_of(await leave(client, player, room["room_id"])) == (409, "room_closed")
    for outsider in (await log_in(5), organizer):
        assert code_of(await look(client, outsider, room["key"])) == (404, "not_found")
        assert code_of(await join(client, outsider, room["key"], "late")) == (404, "not_found")


async def test_the_organizer_leaves(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    organizer, anna = await log_in(1), await log_in(2)
    room = (await create(client, organizer)).json()["room"]
    await join(client, anna, room["key"])
    for _ in range(2):
        assert (await leave(client, organizer, room["room_id"])).json() == {"balance": settings.demo_stars}
    for player in (organizer, anna):
        assert (await me(client, player))["balance"] == settings.demo_stars
        assert (await me(client, player))["room_id"] is None
        seen = (await client.get(f"{ROOMS}/{room['room_id']}", headers=player.headers)).json()["room"]
        assert (seen["state"], seen["pool"]) == ("cancelled", FEE)
    assert code_of(await start(client, organizer, room["room_id"])) == (409, "room_closed")
    assert code_of(await look(client, anna, room["key"])) == (404, "not_found")


async def test_a_player_leaves(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    organizer, anna = await log_in(1), await log_in(2)
    room = (await create(client, organizer)).json()["room"]
    await join(client, anna, room["key"])
    assert (await leave(client, anna, room["room_id"])).json() == {"balance": settings.demo_stars}
    seen = (await client.get(f"{ROOMS}/{room['room_id']}", headers=organizer.headers)).json()["room"]
    assert (seen["state"], seen["players"], seen["pool"]) == ("waiting", [], 0)
    assert (await join(client, anna, room["key"], "again")).status_code == 200
    assert (await me(client, anna))["balance"] == settings.demo_stars - FEE


async def test_keys_as_people_type_them(client: httpx.AsyncClient, unlimited: Player, log_in: LogIn) -> None:
    organizer = await log_in(1)
    room = (await create(client, organizer)).json()["room"]
    key: str = room["key"]
    assert len(key) == KEY_LENGTH
    spellings = [
        key.lower(),
        f" {key[:5]} {key[5:]} ",
        f"{key[:3]}-{key[3:6]}-{key[6:]}",
        "-".join(key.lower()),
        key.replace("0", "o").replace("1", "l"),
        key.replace("0", "O").replace("1", "i"),
    ]
    for spelling in spellings:
        assert (await look(client, unlimited, spelling.replace(" ", "%20"))).json()["fee"] == FEE, spelling
    for number, spelling in enumerate(spellings):
        joined = await join(client, unlimited, spelling, f"key {number}".replace(" ", "-"))
        assert joined.json()["room"]["room_id"] == room["room_id"], spelling
        await leave(client, unlimited, room["room_id"])
    again = await join(client, unlimited, key, "one")
    assert (await join(client, unlimited, key.lower(), "one")).content == again.content


async def test_keys_that_are_wrong(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    app.state.services.rates.wrong_key = Rate(per_s=1e6, burst=1_000_000)
    organizer, anna = await log_in(1), await log_in(2)
    room = (await create(client, organizer)).json()["room"]
    key: str = room["key"]
    await leave(client, organizer, room["room_id"])
    newer = (await create(client, organizer, "newer")).json()["room"]["key"]
    wrong = [
        key, newer[:-1], newer + "0", newer[1:] + newer[0], new_room_key(), room["room_id"], "U" * 10, "*", "ключ",
        "０１２３４５６７８９", newer[:9] + "ı", "\x00", "%", "../x", "'; --",
    ]  # fmt: skip
    for text in wrong:
        if text == newer:
            continue  # a turn of ten equal characters
        assert code_of(await join(client, anna, text)) == (404, "not_found"), text
        quoted = httpx.URL("/", params={"k": text}).query.decode()[2:].replace("+", "%20").replace(".", "%2E")
        assert code_of(await look(client, anna, quoted)) == (404, "not_found"), text
    assert (await join(client, anna, newer)).status_code == 200


async def test_guessing_is_limited(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    now = 0.0
    app.state.services.rates.wrong_key = Rate(per_s=0.2, burst=20, clock=lambda: now)
    organizer, guesser, honest = await log_in(1), await log_in(2), await log_in(3)
    key = (await create(client, organizer)).json()["room"]["key"]
    for _ in range(50):  # right keys cost nothing
        assert (await look(client, honest, key)).status_code == 200
    guesses = [look(client, guesser, new_room_key()) for _ in range(50)]
    guesses += [join(client, guesser, new_room_key(), f"k{number}") for number in range(50)]
    codes = [code_of(answer) for answer in await asyncio.gather(*guesses)]
    assert codes.count((404, "not_found")) == 20
    assert codes.count((429, "rate_limited")) == 80
    refused = await join(client, guesser, key)
    assert code_of(refused) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "5"
    assert code_of(await look(client, guesser, key)) == (429, "rate_limited")
    assert (await join(client, honest, key)).status_code == 200
    now = 5.0
    assert (await join(client, guesser, key)).status_code == 200
    assert (await look(client, guesser, key)).status_code == 200
    assert code_of(await look(client, guesser, new_room_key())) == (404, "not_found")
    assert code_of(await look(client, guesser, new_room_key())) == (429, "rate_limited")


def test_a_million_guesses_find_nothing() -> None:
    """Keys are uniform over their space, so guesses hit one of ten thousand waiting rooms once in a hundred thousand
    tries of a million."""
    assert 1_000_000 * 10_000 / len(ALPHABET) ** KEY_LENGTH < 1e-5
    keys = [new_room_key() for _ in range(20_000)]
    assert len(set(keys)) == len(keys)
    expected = len(keys) / len(ALPHABET)
    for place in range(KEY_LENGTH):
        letters = [key[place] for key in keys]
        chi_squared = sum((letters.count(letter) - expected) ** 2 / expected for letter in ALPHABET)
        assert chi_squared < 90, (place, chi_squared)  # 31 degrees of freedom: below 1e-7


async def test_the_most_a_fee_may_be(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    organizer = await log_in()
    refused = await create(client, organizer, fee=settings.hero_max_fee + 1)
    assert code_of(refused) == (400, "invalid_request")
    assert refused.json()["details"]["fields"][0]["field"] == "fee"
    assert (await create(client, organizer, fee=settings.hero_max_fee)).status_code == 200
    assert (await me(client, organizer))["room_id"] is not None


async def test_the_same_key_gives_the_same_room(client: httpx.AsyncClient, log_in: LogIn, execute: Execute) -> None:
    organizer = await log_in()
    sends = await asyncio.gather(*(create(client, organizer) for _ in range(10)))
    assert {code_of(a) for a in sends if a.status_code != 200} <= {(409, "idempotency_in_progress")}
    again = await create(client, organizer)
    assert {answer.content for answer in sends if answer.status_code == 200} == {again.content}
    assert code_of(await create(client, organizer, fee=FEE + 1)) == (409, "idempotency_mismatch")
    assert execute("SELECT count(*) FROM game.rooms WHERE outcome = 'open'") == [(1,)]
    other = await create(client, organizer, "other")
    assert code_of(other) == (409, "already_in_room")
    assert other.json()["details"] == {"room_id": again.json()["room"]["room_id"]}


async def test_one_room_a_user(client: httpx.AsyncClient, log_in: LogIn) -> None:
    organizer, anna, boris = await log_in(1), await log_in(2), await log_in(3)
    room = (await create(client, organizer)).json()["room"]
    headers = {"idempotency-key": "standard"}
    refused = [
        await join(client, organizer, room["key"]),
        await client.post(f"{ROOMS}/join", headers=organizer.headers | headers, json={"stake": 50}),
    ]
    seat = (await client.post(f"{ROOMS}/join", headers=anna.headers | headers, json={"stake": 50})).json()["room"]
    await join(client, boris, room["key"])
    refused += [await create(client, boris), await join(client, boris, room["key"], "twice")]
    assert [(*code_of(answer), answer.json()["details"]) for answer in refused] == [
        (409, "already_in_room", {"room_id": room["room_id"]})
    ] * 4
    refused = [await create(client, anna), await join(client, anna, room["key"])]
    assert [(*code_of(answer), answer.json()["details"]) for answer in refused] == [
        (409, "already_in_room", {"room_id": seat["room_id"]})
    ] * 2


async def test_a_full_room_and_an_empty_purse(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute
) -> None:
    organizer = await log_in(1)
    key = (await create(client, organizer)).json()["room"]["key"]
    poor = await log_in(99)
    execute("UPDATE ledger.balances SET balance = %s WHERE user_id = %s", FEE - 1, int(poor.user_id))
    refused = await join(client, poor, key)
    assert code_of(refused) == (402, "insufficient_balance")
    assert refused.json()["details"] == {"needed": FEE, "balance": FEE - 1}
    guests = [await log_in(number) for number in range(10, 10 + settings.hero_capacity)]
    answers = await asyncio.gather(*(join(client, guest, key) for guest in guests))
    assert {answer.status_code for answer in answers} == {200}
    assert code_of(await join(client, await log_in(50), key)) == (409, "room_full")
    assert (await look(client, poor, key)).json()["players"] == settings.hero_capacity


async def test_fifty_racers_for_three_seats(
    client: httpx.AsyncClient, app: Starlette, log_in: LogIn, racers: list[int], execute: Execute
) -> None:
    organizer = await log_in(5000)
    room = (await create(client, organizer)).json()["room"]

    async def race(user_id: int) -> httpx.Response:
        token, _ = app.state.services.tokens.issue(str(user_id), None, "user")
        return await join(client, Player(str(user_id), "", token), room["key"])

    answers = await asyncio.gather(*(race(user_id) for user_id in racers[:50]))
    assert [answer.status_code for answer in answers].count(200) == 3
    assert {code_of(answer) for answer in answers if answer.status_code != 200} == {(409, "room_full")}
    assert execute("SELECT count(*) FROM game.seats WHERE state = 'live' AND NOT organizes") == [(3,)]


async def test_rooms_that_cannot_be_started(client: httpx.AsyncClient, log_in: LogIn) -> None:
    organizer, anna = await log_in(1), await log_in(2)
    room_id = (await create(client, organizer)).json()["room"]["room_id"]
    assert code_of(await start(client, organizer, room_id)) == (409, "conflict")
    assert code_of(await start(client, anna, room_id)) == (404, "not_found")  # as every room of others
    for nowhere in ("00aaaaaaaaaaaaaa", "x", "%00"):
        assert code_of(await start(client, organizer, nowhere)) == (404, "not_found")
    headers = anna.headers | {"idempotency-key": "standard"}
    standard = (await client.post(f"{ROOMS}/join", headers=headers, json={"stake": 50})).json()["room"]["room_id"]
    assert code_of(await start(client, anna, standard)) == (403, "forbidden")


async def test_hero_rooms_are_on_no_board(client: httpx.AsyncClient, log_in: LogIn) -> None:
    organizer, anna = await log_in(1), await log_in(2)
    key = (await create(client, organizer, fee=50)).json()["room"]["key"]
    await join(client, anna, key)
    tiers = (await client.get(f"{API}/tiers", headers=anna.headers)).json()["tiers"]
    assert {tier["waiting"] + tier["playing"] for tier in tiers} == {0}


async def test_making_rooms_is_limited(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    app.state.services.rates.new_room = Rate(per_s=1, burst=2, clock=lambda: 0.0)
    organizer = await log_in()
    for number in range(2):
        room_id = (await create(client, organizer, f"key{number}")).json()["room"]["room_id"]
        await leave(client, organizer, room_id)
    assert code_of(await create(client, organizer, "key3")) == (429, "rate_limited")
