"""`chance-tap audit`: what it finds, what it prints, and that it changes nothing."""

import asyncio
import json
from collections.abc import Callable

import psycopg
import pytest

from cli import main
from cli.commands import audit
from persistence.redis.keys import new_room_id
from persistence.rooms.seats import standard_terms
from tests.rooms.conftest import STAKE, World

pytestmark = pytest.mark.on_cluster_too


async def run(world: World, *, as_json: bool) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "load_settings", lambda: world.settings)
        return await asyncio.to_thread(main.main, ["audit", *(["--json"] if as_json else [])])


async def test_clean_books(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.sit(await world.player())
    assert await run(world, as_json=False) == 0
    assert capsys.readouterr().out.startswith("clean")
    assert await run(world, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"clean": True, "findings": []}


async def test_every_disagreement_of_the_stores(world: World, flush: Callable[[], None]) -> None:
    lost, refunded, ended, unpaid = [await world.player() for _ in range(4)]
    lost_room = (await world.sit(lost, stake=1)).room_id
    flush()
    gone = await world.sit(refunded, stake=2)
    await world.live.rooms.leave(gone.room_id, gone.players[0].seat_id)
    ended_room = (await world.sit(ended, stake=3)).room_id
    await world.live.rooms.cancel(ended_room, "operator")
    ghost_room = (await world.sit(unpaid, stake=4)).room_id
    ghost = "00000000-0000-4000-8000-000000000000"
    await world.live.rooms.reserve(ghost_room, ghost, "999", "tag", standard_terms(world.settings, 4))
    await world.live.rooms.confirm(ghost_room, ghost, "999", b"{}")

    found = {(finding.rule, finding.subject) for finding in await world.audit()}
    assert found == {
        ("room_not_in_redis", f"room {lost_room}"),
        ("seat_not_in_redis", f"room {gone.room_id}"),
        ("room_not_settled", f"room {ended_room}"),
        ("seat_without_stake", f"room {ghost_room}"),
    }


async def test_findings_are_printed_and_nothing_is_changed(
    world: World,
    flush: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "PATIENCE_S", 0.01)
    room_id = (await world.sit(await world.player())).room_id
    flush()
    assert await run(world, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["clean"] is False
    assert [(finding["rule"], finding["subject"]) for finding in report["findings"]] == [
        ("room_not_in_redis", f"room {room_id}")
    ]
    assert await run(world, as_json=False) == 1
    assert "room_not_in_redis" in capsys.readouterr().out
    with psycopg.connect(world.settings.database_url) as connection:
        assert connection.execute("SELECT outcome, missing_since FROM game.rooms").fetchall() == [("open", None)]
    assert await world.live.open_rooms() == []


async def test_every_room_is_looked_at_however_many_there_are(
    world: World, flush: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = {(await world.sit(await world.player(), stake=stake)).room_id for stake in range(1, 6)}
    flush()
    for page in (1, 2, 5, 6):
        monkeypatch.setattr("persistence.rooms.audit.PAGE", page)
        found = await world.audit()
        assert {finding.subject for finding in found} == {f"room {room_id}" for room_id in rooms}


async def test_a_seat_under_way_is_no_finding(world: World) -> None:
    """Reserved in Redis and not paid yet."""
    user_id = await world.player()
    terms = standard_terms(world.settings, STAKE)
    await world.live.rooms.reserve(new_room_id(), "00000000-0000-4000-8000-000000000001", str(user_id), "tag", terms)
    assert await world.audit() == []
