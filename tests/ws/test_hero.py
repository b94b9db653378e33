"""Hero rooms and reactions over the socket: an organizer who watches, and emoji that disturb nothing."""

from typing import Any

import pytest

from gateway.live import metrics
from gateway.live.reactions import BURST, EMOJI
from gateway.ws.connection import Limits
from gateway.ws.frames import CloseCode
from persistence.redis import keys
from persistence.redis.room_state import RoomState
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer
from tests.ws.conftest import Game, Road, StartGateway


async def refusal(peer: Peer, message: dict[str, Any]) -> tuple[str, str, int | None]:
    await peer.send(message)
    error = await peer.next("error")
    return error["code"], error["for"], error.get("seq")


async def silent(peer: Peer) -> list[dict[str, Any]]:
    """What came before a pong: everything that was on its way."""
    await peer.send({"type": "ping", "t": "silence"})
    seen = []
    while (message := await peer.next())["type"] != "pong":
        seen.append(message)
    return seen


async def test_an_organizer_watches_a_whole_game(start_gateway: StartGateway, game: Game, road: Road) -> None:
    here, there = await start_gateway(road=road), await start_gateway(road=road)
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, room_key = await game.hero(organizer, anna, target=10)
    host = await game.peer(here, organizer)
    await host.send({"type": "enter", "room_id": room_id})
    snapshot = (await host.next("snapshot"))["room"]
    assert (snapshot["key"], snapshot["organizer_id"], snapshot["target"]) == (room_key, organizer, 10)
    guest = await game.peer(there, anna)
    await guest.send({"type": "enter", "room_id": room_id})
    assert (await guest.next("snapshot"))["room"] == {**snapshot, "key": None}

    await game.come(room_id, boris)
    joined = await host.next("player_joined")
    assert joined["player"]["user_id"] == boris
    assert await guest.next("player_joined") == joined
    assert (await game.live.rooms.start(room_id, organizer)).code == "ok"
    other = await game.peer(here, boris, room_id)
    for peer in (host, guest):
        assert (await peer.next("started"))["version"] == joined["version"] + 2
    for seq in (1, 2):
        await guest.send(game.taps(anna, 4, seq))
        for peer in (host, guest, other):
            while anna not in (progress := await peer.next("progress"))["taps"]:
                pass
            assert progress["taps"][anna] == [4 * seq, seq]
    await guest.send(game.taps(anna, 2, 3))
    ends = [await peer.next("finished") for peer in (host, guest, other)]
    assert ends[0] == ends[1] == ends[2]
    assert (ends[0]["winner"], ends[0]["prize"]) == (anna, 90)


async def test_an_organizers_taps_are_refused_and_counted(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna, boris)
    host = await game.peer(gateway, organizer, room_id)
    before = metrics.organizer_taps._value.get()
    assert await refusal(host, game.taps(organizer, 1, 1)) == ("forbidden", "taps", 1)
    await game.live.rooms.start(room_id, organizer)
    await game.live.rooms.tick(room_id)
    await host.next("started")
    assert await refusal(host, game.taps(organizer, 1, 2)) == ("forbidden", "taps", 2)
    assert await refusal(host, game.taps(anna, 1, 3)) == ("forbidden", "taps", 3)
    assert metrics.organizer_taps._value.get() == before + 2
    state = await game.live.rooms.snapshot(room_id)
    assert state is not None
    assert [player.taps for player in state.players] == [0, 0]


async def test_strangers_do_not_enter(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    organizer, stranger = await game.account(), await game.account()
    room_id, _ = await game.hero(organizer)
    peer = await game.peer(gateway, stranger)
    assert await refusal(peer, {"type": "enter", "room_id": room_id}) == ("not_found", "enter", None)
    await game.peer(gateway, organizer, room_id)


async def test_an_organizer_comes_back(start_gateway: StartGateway, game: Game, road: Road) -> None:
    """On another gateway, after a lost connection and while the old one still seems alive."""
    here, there = await start_gateway(road=road), await start_gateway(road=road)
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, room_key = await game.hero(organizer, anna)
    (await game.peer(here, organizer, room_id)).abort()
    guest = await game.peer(here, anna, room_id)
    await game.come(room_id, boris)
    second = await game.peer(there, organizer)
    await second.send({"type": "enter", "room_id": room_id})
    room = (await second.next("snapshot"))["room"]
    assert (room["key"], [player["user_id"] for player in room["players"]]) == (room_key, [anna, boris])
    third = await game.peer(here, organizer, room_id)
    assert await second.closed() == CloseCode.REPLACED
    await game.live.rooms.start(room_id, organizer)
    for peer in (third, guest):
        await peer.next("countdown")


async def test_everybody_hears_of_the_organizers_leave(start_gateway: StartGateway, game: Game, road: Road) -> None:
    here, there = await start_gateway(road=road), await start_gateway(road=road)
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna, boris)
    peers = [
        await game.peer(here, organizer, room_id),
        await game.peer(there, anna, room_id),
        await game.peer(here, boris, room_id),
    ]
    assert (await game.live.rooms.cancel(room_id, "organizer_left", anna)).code == "forbidden"
    assert (await game.live.rooms.cancel(room_id, "organizer_left", organizer)).code == "ok"
    for peer in peers:
        cancelled = await peer.next("cancelled")
        assert (cancelled["reason"], cancelled["refund_due"]) == ("organizer_left", 50)


async def test_gateways_end_a_room_that_is_not_started(start_gateway: StartGateway, game: Game, road: Road) -> None:
    """No worker runs here; an organizer alone is enough for the room to be watched."""
    gateway = await start_gateway(road=road)
    organizer, lonely, anna = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna, wait_ms=300)
    lonely_room_id, _ = await game.hero(lonely, wait_ms=300)
    peers = [await game.peer(gateway, who, where) for who, where in ((anna, room_id), (lonely, lonely_room_id))]
    for peer in peers:
        assert (await peer.next("cancelled"))["reason"] == "not_started"


async def test_reactions_reach_everybody(start_gateway: StartGateway, game: Game, road: Road) -> None:
    here, there = await start_gateway(road=road), await start_gateway(road=road)
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna, boris)
    peers = {
        organizer: await game.peer(here, organizer, room_id),
        anna: await game.peer(there, anna, room_id),
        boris: await game.peer(here, boris, room_id),
    }
    for sender, to in ((anna, boris), (boris, boris), (organizer, anna), (anna, organizer), (organizer, organizer)):
        await peers[sender].send({"type": "reaction", "to": to})
        seen = [await peer.next() for peer in peers.values()]
        assert seen[0] == seen[1] == seen[2]
        assert (seen[0]["type"], seen[0]["from"], seen[0]["to"]) == ("reaction", sender, to)
        assert seen[0]["emoji"] in EMOJI
        assert seen[0].keys() == {"type", "from", "to", "emoji"}


async def test_reactions_in_a_standard_room(start_gateway: StartGateway, game: Game) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.room(anna, boris)
    one, other = await game.peer(gateway, anna, room_id), await game.peer(gateway, boris, room_id)
    await one.send({"type": "reaction", "to": boris})
    assert (await other.next("reaction"))["from"] == (await one.next("reaction"))["from"] == anna


async def test_reactions_that_are_refused(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road)
    organizer, anna, boris, stranger = [await game.account() for _ in range(4)]
    room_id, _ = await game.hero(organizer, anna, boris)
    peer, outside = await game.peer(gateway, anna), await game.peer(gateway, stranger)
    assert await refusal(outside, {"type": "reaction", "to": anna}) == ("not_found", "reaction", None)
    assert await refusal(peer, {"type": "reaction", "to": boris}) == ("not_found", "reaction", None)  # not entered
    await peer.send({"type": "enter", "room_id": room_id})
    await peer.next("snapshot")
    for nobody in (stranger, "0", "x", "999999999999", '","'):
        assert await refusal(peer, {"type": "reaction", "to": nobody}) == ("not_found", "reaction", None)
    foreign = {"type": "reaction", "to": boris, "user_id": boris}
    assert await refusal(peer, foreign) == ("forbidden", "reaction", None)
    other = await game.peer(gateway, boris, room_id)
    await game.live.rooms.start(room_id, organizer)
    await game.live.rooms.tick(room_id)
    await other.next("started")
    assert await refusal(other, {"type": "reaction", "to": anna}) == ("conflict", "reaction", None)
    assert not any(message["type"] == "reaction" for message in await silent(other))


async def test_a_flood_of_reactions_is_thinned(start_gateway: StartGateway, game: Game) -> None:
    """By user, whichever of their sockets they come from; the socket itself lives on."""
    gateway = await start_gateway(limits=Limits(frames_per_s=0))
    gateway.endpoint._reactions._rate._clock = lambda: 0.0
    organizer, anna = await game.account(), await game.account()
    room_id, _ = await game.hero(organizer, anna)
    host, guest = await game.peer(gateway, organizer, room_id), await game.peer(gateway, anna, room_id)
    for _ in range(60):
        await guest.send({"type": "reaction", "to": anna})
    errors = [(await guest.next("error"))["code"] for _ in range(60 - BURST)]
    assert set(errors) == {"rate_limited"}
    assert [(await host.next())["type"] for _ in range(BURST)] == ["reaction"] * BURST
    second = await game.peer(gateway, anna)
    assert (await refusal(second, {"type": "reaction", "to": anna}))[0] == "rate_limited"
    await host.send({"type": "reaction", "to": anna})
    assert (await host.next())["from"] == organizer
    gateway.endpoint._reactions._rate._clock = lambda: 10.0
    await guest.send({"type": "reaction", "to": organizer})
    assert (await host.next())["to"] == organizer


async def test_reactions_are_no_part_of_the_rooms_history(
    start_gateway: StartGateway, game: Game, road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions go on without a gap around them, nobody gets a snapshot for them, and one that comes while a snapshot
    is being read harms nothing."""
    gateway = await start_gateway(road=road)
    gateway.endpoint._reactions._rate._clock = lambda: 0.0
    organizer, anna, boris, vera = [await game.account() for _ in range(4)]
    room_id, _ = await game.hero(organizer, anna)
    host = await game.peer(gateway, organizer)
    await host.send({"type": "enter", "room_id": room_id})
    version = (await host.next("snapshot"))["room"]["version"]
    read, room = game.live.rooms.snapshot, gateway.hub.rooms[room_id]

    async def snapshot(wanted: str) -> RoomState | None:
        state = await read(wanted)
        assert await game.live.rooms.react(room_id, organizer, anna, "🔥") == "ok"
        await eventually("the room has heard of it", lambda: room._recent)
        return state

    with monkeypatch.context() as patch:
        patch.setattr(game.live.rooms, "snapshot", snapshot)
        guest = await game.peer(gateway, anna, room_id)
    lasting = set(gateway.hub.context._tasks)
    for newcomer in (boris, vera):
        for _ in range(2):
            await guest.send({"type": "reaction", "to": organizer})
        await eventually("short tasks end", lambda: gateway.hub.context._tasks <= lasting)
        await game.come(room_id, newcomer)
    for peer in (host, guest):
        seen = [await peer.next() for _ in range(6 + (peer is host))]
        assert {message["type"] for message in seen} == {"reaction", "player_joined"}
        joined = [message["version"] for message in seen if message["type"] == "player_joined"]
        assert joined == [version + 1, version + 2]
        assert await silent(peer) == []


async def test_a_slow_reader_loses_reactions_and_stays(start_gateway: StartGateway, game: Game, road: Road) -> None:
    gateway = await start_gateway(road=road, limits=Limits(backlog_bytes=2048))
    organizer, anna, boris = [await game.account() for _ in range(3)]
    room_id, _ = await game.hero(organizer, anna)
    slow, host = await game.peer(gateway, anna, room_id), await game.peer(gateway, organizer, room_id)
    client = gateway.hub.users.of(anna)[0]

    async def reactions(count: int) -> None:
        for _ in range(count):
            assert await game.live.rooms.react(room_id, organizer, anna, "🔥") == "ok"
            assert (await host.next())["type"] == "reaction"

    await reactions(1)
    client.pause()  # as its transport does when the peer does not read
    await reactions(100)  # several times what is kept for a slow reader
    await game.come(room_id, boris)
    assert (await host.next())["type"] == "player_joined"
    assert not client.is_closing
    client.resume()
    await reactions(1)
    assert [(await slow.next())["type"] for _ in range(3)] == ["reaction", "player_joined", "reaction"]


async def test_a_reaction_in_a_broken_form_harms_nothing(start_gateway: StartGateway, game: Game) -> None:
    """What a later version of a script might publish without a version is passed on as it is."""
    gateway = await start_gateway()
    organizer = await game.account()
    room_id, _ = await game.hero(organizer)
    host = await game.peer(gateway, organizer, room_id)
    at = keys.room(room_id)
    await game.live.router.execute(at.slot, "SPUBLISH", at.channel, b'{"type":"reaction","from":"1"}')
    assert await host.next() == {"type": "reaction", "from": "1"}
