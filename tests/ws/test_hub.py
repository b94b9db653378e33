"""What a socket gets for what it sends, on both roads, on real stores."""

import asyncio
import json
from typing import Any

from gateway.live import metrics
from gateway.live.endpoint import PATH
from gateway.ws.connection import Limits
from gateway.ws.frames import CloseCode
from persistence.postgres.users import set_language
from persistence.redis import keys
from persistence.redis.keys import new_room_id
from persistence.redis.user_events import (
    AccountChanged,
    BalanceChanged,
    BonusChanged,
    Entered,
    PaymentChanged,
    RankedPlayer,
    SessionsEnded,
    Settled,
    UserEvent,
)
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer, frame
from tests.ws.conftest import Game, Road, StartGateway


async def test_hello_enter_taps(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peers = [await game.peer(gateway, user_id, room_id) for user_id in (anna, boris)]
    await peers[0].send(game.taps(anna, 5, 1))
    await peers[0].send(game.taps(anna, 5, 2))
    await peers[1].send(game.taps(boris, 7, 1, room_id=room_id))
    for peer in peers:
        taps: dict[str, list[int]] = {}
        while taps != {anna: [10, 2], boris: [7, 1]}:
            progress = await peer.next("progress")
            assert progress["since"] < progress["version"]
            taps |= progress["taps"]


async def test_welcome_and_ping(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    peer = await Peer.open(gateway.port, PATH)
    await peer.send({"type": "hello", "token": game.token(user_id), "user_id": user_id})
    # What comes right behind hello is served after the welcome, in order.
    await peer.send({"type": "ping", "t": {"any": [1, None]}})
    await peer.send({"type": "enter", "room_id": new_room_id()})
    welcome = await peer.next()
    assert (welcome["type"], welcome["user_id"], welcome["room_id"]) == ("welcome", user_id, None)
    assert welcome["heartbeat_ms"] > 0
    pong = await peer.next()
    assert (pong["type"], pong["t"]) == ("pong", {"any": [1, None]})
    assert abs(pong["server_time_ms"] - game.live.now_ms()) < 60_000
    error = await peer.next()
    assert (error["code"], error["for"]) == ("not_found", "enter")
    for no_room in ("", "x", "4f" + "a" * 14, new_room_id() + "\n"):
        await peer.send({"type": "enter", "room_id": no_room})
        assert (await peer.next())["code"] == "not_found"
    await peer.send({"type": "hello", "token": game.token(user_id)})
    assert (await peer.next())["code"] == "conflict"


async def test_refusals_are_in_the_players_language(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    await set_language(game.db, int(user_id), "ru")
    peer = await Peer.open(gateway.port, PATH)
    await peer.send({"type": "hello", "token": game.token(user_id)})
    await peer.send({"type": "enter", "room_id": new_room_id()})
    assert (await peer.next("error"))["message"] == "Не найдено."


UNREADABLE = {
    "binary": (frame(2, b"{}"), CloseCode.BAD_FRAME),
    "not JSON": (frame(1, b"taps"), CloseCode.BAD_FRAME),
    "cut off": (frame(1, b'{"type":"ping"'), CloseCode.BAD_FRAME),
    "too long": (frame(1, b'{"type":"ping","t":"' + b"x" * 5000 + b'"}'), CloseCode.TOO_BIG),
    "not UTF-8": (frame(1, b'{"type":"ping","t":"\xff"}'), CloseCode.BAD_DATA),
}


async def test_what_is_no_frame_closes(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    for name, (stream, code) in UNREADABLE.items():
        peer = await game.peer(gateway, user_id)
        await peer.write(stream)
        assert await peer.closed() == code, name


async def test_fields_that_are_wrong_get_an_error_and_no_more(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    user_id, other = await game.account(), await game.account()
    room_id = await game.playing(user_id, other)
    peer = await game.peer(gateway, user_id, room_id)
    good = game.taps(user_id, 3, 9)

    def each(field: str, *values: Any) -> list[dict[str, Any]]:
        return [{**good, field: value} for value in values]

    wrong: list[dict[str, Any]] = [
        *each("count", 0, -1, 51, 10**30, 2.5, 20.0, "20", None, True, [1], {}),
        *each("timestamp", -1, 2**53, 1.5, "1", None, []),
        *each("user_id", 5, None, [], {}),
        *each("seq", -1, 2**53, "1", 1.5),
        *each("room_id", 5, []),
        *({key: good[key] for key in good if key != missing} for missing in ("user_id", "count", "timestamp")),
        *({"type": "enter", "room_id": value} for value in ("x" * 65, 5, None)),
        {"type": "enter"},
        *({"type": "reaction", "to": value} for value in ("", "x" * 21, 5, None, [other])),
        {"type": "reaction"},
        {"type": "nonsense"},
        {"type": "x" * 3000},
    ]
    for message in wrong:
        await peer.send(message)
        error = await peer.next()
        assert (error["type"], error["code"]) == ("error", "invalid_request"), message
        assert error["for"] == message["type"][:32]
        assert error["message"]
        if isinstance(message.get("seq"), int):
            assert error["seq"] == message["seq"]
        await peer.send({"type": "ping"})  # keeps below the rate, and shows that the socket lives
        assert (await peer.next())["type"] == "pong"
        await asyncio.sleep(0.067)
    await peer.send(game.taps(user_id, 3, 10))
    assert (await peer.next("progress"))["taps"] == {user_id: [3, 10]}


async def test_taps_that_are_refused(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    anna, boris, vera = await game.account(), await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna)

    async def refusal(message: dict[str, Any]) -> tuple[str, str, int | None]:
        await peer.send(message)
        error = await peer.next("error")
        return error["code"], error["for"], error.get("seq")

    assert await refusal(game.taps(anna, 1, 1)) == ("not_found", "taps", 1)
    await peer.send({"type": "enter", "room_id": room_id})
    await peer.next("snapshot")
    assert await refusal(game.taps(boris, 1, 2)) == ("forbidden", "taps", 2)
    assert await refusal(game.taps(anna, 1, 3, telegram_id="5")) == ("forbidden", "taps", 3)
    assert await refusal(game.taps(anna, 1, 4, room_id=new_room_id())) == ("not_found", "taps", 4)
    assert await refusal({**game.taps(anna, 1, 5), "timestamp": 5}) == ("clock", "taps", 5)
    assert await refusal({"type": "reaction", "to": boris}) == ("conflict", "reaction", None)
    waiting = await game.room(vera)
    early = await game.peer(gateway, vera, waiting)
    await early.send(game.taps(vera, 1, 1))
    assert (await early.next("error"))["code"] == "conflict"


async def test_who_taps_too_fast_is_blocked_before_everybody(
    start_gateway: StartGateway, game: Game, road: Road
) -> None:
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    cheat, witness = await game.peer(gateway, anna, room_id), await game.peer(gateway, boris, room_id)
    for seq, count in enumerate((20, 20, 10, 1), 1):
        await cheat.send(game.taps(anna, count, seq))
    for peer in (cheat, witness):
        assert (await peer.next("blocked"))["user_id"] == anna
    await cheat.send(game.taps(anna, 1, 5))
    while (error := await cheat.next("error"))["seq"] != 5:
        pass
    assert error["code"] == "forbidden"


async def test_the_gateway_moves_the_game_along(start_gateway: StartGateway, game: Game, road: Road) -> None:
    """Waiting, countdown, start and end happen with nobody but sockets there."""
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id = await game.room(anna, capacity=2, game_ms=300)
    peer = await game.peer(gateway, anna, room_id)
    await game.sit(room_id, boris, capacity=2)
    assert (await peer.next())["type"] == "player_joined"
    assert (await peer.next())["type"] == "countdown"
    started = await peer.next()
    assert started["type"] == "started"
    await peer.send(game.taps(anna, 2, 1))
    assert (await peer.next())["type"] == "progress"
    finished = await peer.next()
    assert (finished["type"], finished["winner"]) == ("finished", anna)
    await peer.send(game.taps(anna, 2, 2))
    assert (await peer.next())["code"] == "room_closed"


async def test_only_its_players_enter_a_room(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id = await game.room(anna)
    stranger = await game.peer(gateway, boris)
    for target in (room_id, new_room_id()):
        await stranger.send({"type": "enter", "room_id": target})
        error = await stranger.next()
        assert (error["code"], error["for"], error["details"]) == ("not_found", "enter", {"room_id": target})
    assert not gateway.hub.rooms
    await game.sit(room_id, boris)
    await stranger.send({"type": "enter", "room_id": room_id})
    assert {player["user_id"] for player in (await stranger.next("snapshot"))["room"]["players"]} == {anna, boris}
    # Having left, one hears that, and no more.
    await game.live.rooms.leave(room_id, f"seat-{boris}")
    assert (await stranger.next())["type"] == "player_left"
    await eventually("the room is forgotten", lambda: not gateway.hub.rooms)


async def test_events_follow_the_snapshot_without_a_gap(start_gateway: StartGateway, game: Game, road: Road) -> None:
    """Thirty enter while seats are taken and left: each sees every version after its snapshot's, once."""
    gateway = await start_gateway(road=road)
    users = [await game.account() for _ in range(6)]
    room_id = await game.room(users[0], capacity=50)
    guests = [await game.account() for _ in range(20)]
    peers = [await game.peer(gateway, users[0])]
    for user_id in users[1:]:
        await game.sit(room_id, user_id, capacity=50)
        peers.append(await game.peer(gateway, user_id))

    async def come_and_go() -> None:
        for user_id in guests:
            await game.sit(room_id, user_id, capacity=50)

    async def enter(peer: Peer, again: int) -> None:
        for _ in range(again):
            await peer.send({"type": "enter", "room_id": room_id})
            snapshot = await peer.next("snapshot")
            version = snapshot["room"]["version"]
        while version < 26:
            message = await peer.next()
            if message["type"] == "player_joined":
                assert message["version"] == version + 1
                version += 1

    await asyncio.gather(come_and_go(), *(enter(peer, 1 + n % 3) for n, peer in enumerate(peers)))
    for peer in peers:
        peer.abort()


async def test_after_a_snapshot_nothing_of_the_earlier_room_follows(
    start_gateway: StartGateway, game: Game, road: Road
) -> None:
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    first, second = await game.room(anna), await game.room(anna)
    peer = await game.peer(gateway, anna, first)
    await peer.send({"type": "enter", "room_id": second})
    assert (await peer.next())["room"]["room_id"] == second
    await game.sit(first, boris)
    await game.sit(second, boris)
    assert (await peer.next())["epoch"].split(".")[0] != first
    assert set(gateway.hub.rooms) == {second}
    # A refused room leaves things as they are.
    await peer.send({"type": "enter", "room_id": new_room_id()})
    assert (await peer.next())["type"] == "error"
    await game.live.rooms.leave(second, f"seat-{boris}")
    assert (await peer.next())["type"] == "player_left"
    peer.abort()
    await eventually("rooms and users are forgotten", lambda: not gateway.hub.rooms and not gateway.hub.users)


async def test_of_two_sockets_in_a_room_the_later_stays(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    anna = await game.account()
    room_id = await game.room(anna)
    old = await game.peer(gateway, anna, room_id)
    idle = await game.peer(gateway, anna)
    new = await game.peer(gateway, anna, room_id)
    assert await old.closed() == CloseCode.REPLACED
    third = await game.peer(gateway, anna)
    await game.peer(gateway, anna)
    assert await idle.closed() == CloseCode.REPLACED
    for peer in (new, third):
        await peer.send({"type": "ping"})
        assert (await peer.next())["type"] == "pong"
        peer.abort()


async def test_user_events(start_gateway: StartGateway, game: Game, road: Road) -> None:
    """What happens to a player goes to every socket of theirs, each as its frame of the protocol; a result not to one
    that follows another room by now."""
    gateway = await start_gateway(road=road)
    anna, boris = await game.account(), await game.account()
    room_id, other = await game.room(anna), await game.room(anna)
    inside = await game.peer(gateway, anna, room_id)
    elsewhere = await game.peer(gateway, anna, other)
    nowhere = await game.peer(gateway, anna)
    stranger = await game.peer(gateway, boris)
    run = {"taps": 40, "goal": 40, "started_ms": 1, "ends_ms": 2, "seq": 9}
    result: dict[str, Any] = {"room_id": room_id, "winner": anna, "prize": 90, "payout": 90, "balance": 5}
    events: list[tuple[UserEvent, dict[str, Any]]] = [
        (
            Settled(**result, standings=[RankedPlayer(1, anna, 7, 90), RankedPlayer(None, boris, 9, 0)]),
            {
                "type": "settled",
                **result,
                "standings": [
                    {"place": 1, "user_id": anna, "taps": 7, "prize": 90},
                    {"place": None, "user_id": boris, "taps": 9, "prize": 0},
                ],
            },
        ),
        (BalanceChanged(7), {"type": "balance", "balance": 7}),
        (PaymentChanged("6f1c", "paid"), {"type": "payment", "payment_id": "6f1c", "status": "paid"}),
        (
            BonusChanged(**run, state="rewarded", reason=None),
            {"type": "bonus", **run, "state": "rewarded", "reason": None},
        ),
    ]
    for event, _ in events:
        game.live.user_events.publish(anna, event)
    for event in (AccountChanged(), Entered(room_id, "another:1"), SessionsEnded(0)):
        game.live.user_events.publish(anna, event)
    frames = [frame for _, frame in events]
    for peer, expected in ((inside, frames), (nowhere, frames), (elsewhere, frames[1:])):
        assert [await peer.next() for _ in expected] == expected
    assert await inside.closed() == CloseCode.REPLACED
    for peer in (elsewhere, nowhere, stranger):
        await peer.send({"type": "ping"})
        assert (await peer.next())["type"] == "pong"


async def test_a_user_event_that_cannot_be_read_is_counted_and_the_next_comes(
    start_gateway: StartGateway, game: Game
) -> None:
    gateway = await start_gateway()
    anna = await game.account()
    peer = await game.peer(gateway, anna)
    before = metrics.unreadable_user_events._value.get()
    channel = keys.user_events_channel(anna)
    for message in (b"nonsense", b'{"user_id":"%s","event":{"type":"promoted"}}' % anna.encode()):
        await game.live.router.execute(keys.slot_of_key(channel), "SPUBLISH", channel, message)
    game.live.user_events.publish(anna, BalanceChanged(7))
    assert await peer.next() == {"type": "balance", "balance": 7}
    assert metrics.unreadable_user_events._value.get() == before + 2


async def test_a_whole_burst_may_come_right_behind_hello(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road, limits=Limits(frames_per_s=0.01, frame_burst=100))
    peer = await Peer.open(gateway.port, PATH)
    hello = json.dumps({"type": "hello", "token": game.token(await game.account())}).encode()
    await peer.write(frame(1, hello) + frame(1, b'{"type":"ping"}') * 100)
    assert (await peer.next())["type"] == "welcome"
    for _ in range(100):
        assert (await peer.next())["type"] == "pong"
    await peer.send({"type": "ping"})
    assert await peer.closed() == CloseCode.TOO_MANY_FRAMES


async def test_a_flood_costs_the_socket(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road, limits=Limits(frames_per_s=1, frame_burst=20))
    peer = await game.peer(gateway, await game.account())
    await peer.write(frame(1, b'{"type":"ping"}') * 40)
    assert await peer.closed() == CloseCode.TOO_MANY_FRAMES


async def test_silent_sockets(start_gateway: StartGateway, road: Road) -> None:
    gateway = await start_gateway(road=road, limits=Limits(hello_s=0.1))
    peer = await Peer.open(gateway.port, PATH)
    assert await peer.closed() == CloseCode.NO_HELLO


async def test_errors_are_in_the_readers_language(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    peer = await Peer.open(gateway.port, PATH, headers={"Accept-Language": "ru-RU,ru;q=0.9"})
    await peer.send({"type": "hello", "token": game.token(await game.account())})
    await peer.send({"type": "nonsense"})
    assert (await peer.next("error"))["message"] == "Неверный запрос."
