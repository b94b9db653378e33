"""What players see when something between them and the room breaks, or is shared."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from cli.embedded.valkey import EmbeddedValkey
from gateway.live.endpoint import PATH
from gateway.ws.connection import Limits
from gateway.ws.frames import CloseCode, text_frame
from persistence.errors import StoreUnavailable
from persistence.postgres import users
from persistence.redis import keys
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer, frame
from tests.ws.conftest import Game, StartGateway


async def collect(peer: Peer, wanted: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Progress frames until the player's counts are these; every one joins on to what was there before."""
    seen: list[dict[str, Any]] = []
    taps: dict[str, list[int]] = {}
    while taps != wanted:
        message = await peer.next("progress")
        assert not seen or message["since"] == seen[-1]["version"]
        seen.append(message)
        taps |= message["taps"]
    return seen


async def test_two_gateways_share_a_room(start_gateway: StartGateway, game: Game) -> None:
    gateways = [await start_gateway(), await start_gateway()]
    players = [await game.account() for _ in range(4)]
    room_id = await game.playing(*players)
    peers = [await game.peer(gateways[n % 2], user_id, room_id) for n, user_id in enumerate(players)]

    async def tap(peer: Peer, user_id: str) -> None:
        for seq in range(1, 13):
            await peer.send(game.taps(user_id, 1, seq))
            await asyncio.sleep(0.03)

    taps = asyncio.gather(*(tap(peer, user_id) for peer, user_id in zip(peers, players, strict=True)))
    seen = await asyncio.gather(*(collect(peer, {user_id: [12, 12] for user_id in players}) for peer in peers))
    await taps
    # The same counts for everybody, in fewer frames than there were events.
    assert len({frames[-1]["version"] for frames in seen}) == 1
    for frames in seen:
        assert len(frames) < frames[-1]["version"] - frames[0]["since"]


async def test_the_later_socket_wins_across_gateways(start_gateway: StartGateway, game: Game) -> None:
    first, second = await start_gateway(), await start_gateway()
    anna = await game.account()
    room_id = await game.room(anna)
    old = await game.peer(first, anna, room_id)
    client = first.hub.users.of(anna)[0]
    await eventually("a tap is confirmed", lambda: client.confirmed)
    new = await game.peer(second, anna, room_id)
    assert await old.closed() == CloseCode.REPLACED
    await new.send({"type": "ping"})
    assert (await new.next())["type"] == "pong"


async def test_a_lost_subscription_is_made_good_by_a_snapshot(
    start_gateway: StartGateway, game: Game, redis_url: str
) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peers = [await game.peer(gateway, user_id, room_id) for user_id in (anna, boris)]
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await peers[0].send(game.taps(anna, 5, 1))
    for peer in peers:
        snapshot = await peer.next("snapshot")
        while [p["taps"] for p in snapshot["room"]["players"]] != [5, 0]:
            message = await peer.next()
            if message["type"] == "snapshot":
                snapshot = message
            elif message["type"] == "progress" and message["taps"].get(anna) == [5, 1]:
                break
    await peers[1].send(game.taps(boris, 3, 1))
    for peer in peers:
        while (await peer.next("progress"))["taps"].get(boris) != [3, 1]:
            pass


async def test_the_store_restarts_in_the_middle_of_a_game(
    start_gateway: StartGateway, game: Game, make_valkey: Any
) -> None:
    """Sockets stay; the new epoch comes with a snapshot, and taps count again."""
    server: EmbeddedValkey = make_valkey()
    live = await RedisStore.open(server.url)
    game.live = live
    gateway = await start_gateway(live=live)
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    await peer.send(game.taps(anna, 5, 1))
    epoch = (await peer.next("progress"))["epoch"]
    server.restart()
    snapshot = await peer.next("snapshot")
    assert snapshot["epoch"] != epoch
    assert [p["taps"] for p in snapshot["room"]["players"]] == [5, 0]
    await peer.send(game.taps(anna, 4, 2))
    while (message := await peer.next())["type"] != "progress" or anna not in message["taps"]:
        pass
    assert message["taps"][anna] == [9, 2]
    await gateway.hub.stop()
    await live.close()


async def test_a_client_that_never_reads_is_cut_and_the_room_goes_on(start_gateway: StartGateway, game: Game) -> None:
    limits = Limits(backlog_bytes=4096, write_buffer_bytes=2048, heartbeat_s=0.25)
    gateway = await start_gateway(limits=limits)
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    deaf = await Peer.open(gateway.port, PATH, deaf=True)
    await deaf.send({"type": "hello", "token": game.token(anna)})
    await deaf.send({"type": "enter", "room_id": room_id})
    await eventually("she is in the room", lambda: gateway.hub.users.of(anna) and gateway.hub.users.of(anna)[0].room)
    client = gateway.hub.users.of(anna)[0]
    other = await game.peer(gateway, boris, room_id)
    room = gateway.hub.rooms[room_id]
    seq = 0
    while not client.is_closing:
        if not client.is_paused:
            client.send(
                text_frame(b"x" * 1000)
            )  # what the kernel holds would take the room's own events minutes to fill
            await asyncio.sleep(0)
            continue
        deaf.writer.write(frame(10))  # it answers, but it does not read
        seq += 1
        await other.send(game.taps(boris, 1, seq))
        while (await other.next())["type"] != "progress":
            pass
    assert room.is_empty is False
    assert client.room is None
    assert await deaf.closed() == CloseCode.TOO_SLOW
    await other.send({"type": "ping"})
    assert (await other.next("pong"))["type"] == "pong"


async def test_sockets_are_let_in_while_postgres_is_away(
    start_gateway: StartGateway, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running games go on; who is banned is found as soon as it answers."""
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    gateway = await start_gateway()
    look_up = users.hello

    async def away(*_: object) -> dict[int, users.Hello]:
        raise StoreUnavailable("postgres")

    monkeypatch.setattr(users, "hello", away)
    peers = [await game.peer(gateway, user_id, room_id) for user_id in (anna, boris)]
    await peers[0].send(game.taps(anna, 2, 1))
    assert (await peers[0].next("progress"))["taps"] == {anna: [2, 1]}

    async def back(db: Any, user_ids: Any) -> dict[int, users.Hello]:
        return await look_up(db, user_ids) | {int(boris): users.Hello(banned=True, room_id=None, language=None)}

    monkeypatch.setattr(users, "hello", back)
    assert await peers[1].closed() == CloseCode.BANNED
    await peers[0].send({"type": "ping"})
    assert (await peers[0].next("pong"))["type"] == "pong"


async def test_after_a_loss_frames_wait_for_those_before_them(game: Game, start_gateway: StartGateway) -> None:
    """What was under way when the snapshot was sent must not overtake what the snapshot asks for."""
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    await peer.send(game.taps(anna, 1, 1))
    await peer.next("progress")
    gateway.hub.rooms[room_id].resync()
    await peer.send(game.taps(anna, 1, 2))  # before the snapshot: passed over, it will be asked for
    snapshot = await peer.next("snapshot")
    assert {player["user_id"]: player["seq"] for player in snapshot["room"]["players"]}[anna] == 1
    await peer.send(game.taps(anna, 1, 3))  # was under way
    for seq in (2, 3, 4):
        await peer.send(game.taps(anna, 1, seq))
    progress = await peer.next("progress")
    while progress["taps"][anna][1] < 4:
        progress = await peer.next("progress")
    assert progress["taps"][anna] == [4, 4]


async def test_who_lacks_what_the_snapshot_asks_for_goes_on(
    game: Game, start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.live.taps.AWAITED_S", 0.05)
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    gateway.hub.rooms[room_id].resync()
    await peer.next("snapshot")
    # In one piece: the wait is short, and none of them may come after it.
    await peer.write(b"".join(frame(1, json.dumps(game.taps(anna, 1, seq)).encode()) for seq in (5, 7, 6)))
    progress = await peer.next("progress")
    while progress["taps"][anna][1] < 7:
        progress = await peer.next("progress")
    assert progress["taps"][anna] == [3, 7]


async def counted(peer: Peer, user_id: str, seq: int) -> list[int]:
    """The player's count once everything up to `seq` was dealt with."""
    while True:
        taps = (await peer.next("progress"))["taps"].get(user_id)
        if taps is not None and taps[1] >= seq:
            return list(taps)


async def test_what_waited_for_its_slot_when_the_store_went_back_follows_what_was_lost(
    game: Game, start_gateway: StartGateway, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledged by a master whose replica never had it, and the next frame already waits here for its batch."""
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    await peer.send(game.taps(anna, 1, 1))
    assert await counted(peer, anna, 1) == [1, 1]
    room, key = gateway.hub.rooms[room_id], keys.room(room_id).data
    with redis.Redis.from_url(redis_url) as client:
        kept = client.dump(key)
        await peer.send(game.taps(anna, 2, 2))
        assert await counted(peer, anna, 2) == [3, 2]
        slots: list[Callable[[], None]] = []
        monkeypatch.setattr(gateway.hub.context.ring, "at", lambda _slot, call: slots.append(call))
        await peer.send(game.taps(anna, 4, 3))
        await eventually("a frame waits for its slot", lambda: slots)
        client.restore(key, 0, kept, replace=True)
    room.resync()
    snapshot = await peer.next("snapshot")
    assert {player["user_id"]: player["seq"] for player in snapshot["room"]["players"]}[anna] == 1
    monkeypatch.undo()
    for call in slots:
        call()
    for seq, count in ((2, 2), (3, 4), (4, 8)):
        await peer.send(game.taps(anna, count, seq))
    assert await counted(peer, anna, 4) == [15, 4]


async def test_a_second_loss_lets_no_held_frame_go_early(
    game: Game, start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.live.taps.AWAITED_S", 1.0)
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    room, client = gateway.hub.rooms[room_id], gateway.hub.users.of(anna)[0]
    room.resync()
    await peer.next("snapshot")
    await peer.send(game.taps(anna, 4, 3))  # held: the snapshot asked for the first
    await peer.send({"type": "ping"})
    await peer.next("pong")
    monkeypatch.setattr("gateway.live.taps.AWAITED_S", 30.0)
    room.resync()
    await peer.next("snapshot")
    await asyncio.sleep(1.0)  # by now the patience of the first loss is over
    assert client.awaited == 1
    for seq, count in ((1, 1), (2, 2), (3, 4)):
        await peer.send(game.taps(anna, count, seq))
    assert await counted(peer, anna, 3) == [7, 3]


async def test_who_waits_for_a_snapshot_when_a_loss_is_seen_is_asked_too(
    game: Game, start_gateway: StartGateway
) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peer = await game.peer(gateway, anna, room_id)
    room, client = gateway.hub.rooms[room_id], gateway.hub.users.of(anna)[0]
    client.enter(room)  # as after a gap that only the client saw
    room.resync()
    await peer.next("snapshot")
    for seq, count in ((2, 2), (1, 1), (2, 2), (3, 4)):
        await peer.send(game.taps(anna, count, seq))
    assert await counted(peer, anna, 3) == [7, 3]


async def test_at_the_end_of_a_game_held_frames_do_not_wait_in_vain(
    game: Game, start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.live.taps.AWAITED_S", 30.0)
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris, game_ms=1000)
    peer = await game.peer(gateway, anna, room_id)
    gateway.hub.rooms[room_id].resync()
    await peer.next("snapshot")
    await peer.send(game.taps(anna, 3, 2))  # and the first is never sent again
    await peer.next("finished")
    state = await game.live.rooms.snapshot(room_id)
    assert state is not None
    assert {player.user_id: player.taps for player in state.players}[anna] == 3
