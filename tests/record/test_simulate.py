"""Cheats and people as real clients of a whole stack, and what is stored of them after the game."""

import random
from collections.abc import Callable

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN, Settings
from cli.simulate.cheats import STYLES, human
from cli.simulate.rhythm import Style
from cli.simulate.run import Plan, Simulation
from persistence.postgres import records
from persistence.postgres.pool import Database
from persistence.records.document import decode, unpack
from persistence.records.verify import verify
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually


def make(name: str, seed: int) -> Style:
    return STYLES[name](random.Random(seed))


async def signals_of(db: Database, room_id: str) -> dict[int, records.SignalsOfPlayer]:
    found = await eventually("signals of the game", lambda: records.signals(db, room_id))
    return {player.user_id: player for player in found}


async def test_cheats_play_to_the_end_and_are_found_after_it(
    make_stack: Callable[..., Stack], db: Database, settings: Settings
) -> None:
    stack = make_stack(GAME_S="14", CAPACITY="7", WAIT_S="30")
    styles = (
        make("fixed_rhythm", 1), make("pinned_rate", 1), make("held_back", 3), make("two_devices", 1),
        make("two_accounts", 1), make("two_accounts", 2), human(random.Random(1)),
    )  # fmt: skip
    plan = Plan(
        url=stack.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=7, stake=50, seed=1, styles=styles, game_timeout_s=90
    )
    report = await Simulation(plan).run()
    assert report.discrepancies() == []
    [room_id] = report.rooms()
    found = await signals_of(db, room_id)
    by_style: dict[str, list[set[str]]] = {}
    for outcome in report.outcomes:
        assert not outcome.blocked
        names = {signal["name"] for signal in found[int(outcome.user_id)].signals}
        by_style.setdefault(outcome.style, []).append(names)
    assert "regular_rhythm" in by_style["fixed_rhythm"][0]
    assert "pinned_rate" in by_style["pinned_rate"][0]
    assert "held_back" in by_style["held_back"][0]
    assert "two_devices" in by_style["two_devices"][0]
    assert all("same_device" in names for names in by_style["two_accounts"])
    assert by_style["person"] == [set()]
    document = await records.document(db, room_id)
    assert document is not None
    assert verify(unpack(document)).findings == []
    assert len(decode(unpack(document)).players) == 7
    assert stack.errors() == []
