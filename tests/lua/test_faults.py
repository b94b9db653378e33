"""The proof that the model test looks: each of these faults, planted in a copy of the scripts, is found by it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from chance_tap.resources import LUA
from tests.lua.beside import open_beside, run_beside
from tests.lua.words import SCENARIOS, Run

EXAMPLES = 300


class Fault(NamedTuple):
    """`text`, which occurs in the file once, becomes `fault`; the runs of `scenario` find it."""

    name: str
    scenario: str
    file: str
    text: str
    fault: str


FAULTS = [
    Fault(
        "started with one player",
        "hero start",
        "scripts/room_start-2",
        "room.paid < tonumber(room.fields.min_players)",
        "room.paid < 1",
    ),
    Fault("started by anybody", "hero start", "scripts/room_start-2", "ARGV[4] ~= room.organizer", "ARGV[4] == ''"),
    Fault(
        "started twice",
        "hero countdown",
        "scripts/room_start-2",
        "elseif room.state == WAITING then",
        "elseif room.state <= COUNTDOWN then",
    ),
    Fault(
        "started after its time",
        "hero deadline",
        "scripts/room_start-2",
        "room.now >= room.deadline",
        "room.now > room.deadline",
    ),
    Fault("begins by itself when full", "hero start", "scripts/seat_confirm-3", "if not room.organizer then", "do"),
    Fault(
        "begins by itself in the end",
        "hero deadline",
        "scripts/room_tick-4",
        "if room.organizer then",
        "if room.paid < 2 then",
    ),
    Fault(
        "a wait clock that the last leave stops",
        "hero room",
        "includes/room",
        "room.paid == 0 and not room.organizer",
        "room.paid == 0",
    ),
    Fault(
        "cancelled by the organizer in the countdown",
        "hero countdown",
        "scripts/room_cancel-3",
        "room.state ~= WAITING and",
        "room.state > COUNTDOWN and",
    ),
    Fault(
        "cancelled by another",
        "hero start",
        "scripts/room_cancel-3",
        "ARGV[5] ~= '' and ARGV[5] ~= room.organizer",
        "ARGV[5] == '0'",
    ),
    Fault(
        "an organizer who plays", "hero room", "scripts/seat_reserve-3", "user_id == room.organizer", "user_id == ''"
    ),
    Fault(
        "seats handed out after the deadline",
        "hero deadline",
        "scripts/seat_reserve-3",
        "room.now >= room.deadline",
        "room.now < 0",
    ),
    Fault(
        "unpaid seats that come along",
        "hero countdown",
        "includes/room",
        "seat.status == 'reserved' end)\n  for",
        "seat.status == '' end)\n  for",
    ),
    Fault(
        "a room taken over by another organizer",
        "hero room",
        "scripts/room_make-3",
        "room.organizer == ARGV[12]",
        "room.organizer",
    ),
    Fault("reactions in the game", "hero game", "scripts/room_react-1", "> COUNTDOWN", "> PLAYING"),
    Fault(
        "reactions to strangers", "hero start", "scripts/room_react-1", "not (receiver or organizer == to)", "not to"
    ),
    Fault("the target one tap too late", "hero target", "scripts/tap_batch-5", "taps >= target", "taps > target"),
    Fault(
        "frames after the target",
        "standard target",
        "scripts/tap_batch-5",
        "elseif reached_target then",
        "elseif not target then",
    ),
    Fault(
        "a window too short by a millisecond",
        "standard window",
        "scripts/tap_batch-5",
        "* 65536 > edge",
        "* 65536 > edge + 1",
    ),
    Fault("a repeated frame that counts", "standard game", "scripts/tap_batch-5", "seq <= last_seq", "seq < last_seq"),
    Fault("logged without being counted", "hero game", "scripts/tap_batch-5", "if counted > 0 then", "if true then"),
    Fault(
        "a log without the grace second",
        "hero game",
        "scripts/tap_batch-5",
        "if counted > 0 then",
        "if counted > 0 and not in_grace then",
    ),
    Fault(
        "ties that the last one wins", "hero game", "includes/ranking", "a.reached < b.reached", "a.reached > b.reached"
    ),
    Fault(
        "taps of an absence that wait for nothing",
        "standard absences",
        "scripts/tap_batch-5",
        "math.min(claimed, likely)",
        "claimed",
    ),
    Fault(
        "a rate that absences raise",
        "standard absences",
        "scripts/tap_batch-5",
        "local prompt = taps - credited",
        "local prompt = taps",
    ),
    Fault(
        "moments that are present and absent",
        "standard absences",
        "scripts/tap_batch-5",
        "ms - math.max(last_ms, present_ms), AWAY",
        "ms - last_ms, AWAY",
    ),
    Fault(
        "hands that never tire",
        "standard absences",
        "scripts/tap_batch-5",
        "known * weighed_ms / known_ms",
        "known * away_ms / known_ms",
    ),
    Fault(
        "a rate of a few seconds",
        "standard absences",
        "scripts/tap_batch-5",
        "math.max(0, math.min(KNOWN_MS, length_ms - KNOWN_MS) - here_ms)",
        "0",
    ),
    Fault(
        "absences that are the surer the longer they are",
        "standard absences",
        "scripts/tap_batch-5",
        "math.min(away_ms, AWAY_UNSURE_MS)",
        "away_ms",
    ),
    Fault(
        "absences that never end",
        "standard absences",
        "scripts/tap_batch-5",
        "away and absence[1] + covered > AWAY_MS",
        "away and ms < 0",
    ),
    Fault(
        "what waits and is never looked at again",
        "standard absences",
        "scripts/tap_batch-5",
        "if late or mark > 0 then",
        "if late then",
    ),
    Fault(
        "after the end as if nothing were known",
        "standard game",
        "scripts/tap_batch-5",
        "local late = in_grace or said",
        "local late = said",
    ),
    Fault(
        "the moments before the return counted twice",
        "standard absences",
        "scripts/tap_batch-5",
        "late or mark >= AFTER and",
        "late or mark > NOT_BLOCKED and",
    ),
    Fault("held back and counted", "standard game", "scripts/tap_batch-5", "said == HELD_MARK", "said == 9"),
    Fault("indexes from nought", "hero game", "includes/room", "new_record(index))", "new_record(index - 1))"),
    Fault("keys that never go", "hero game", "scripts/room_settled-5", "{1, 3, 4, 5}", "{1, 3, 4}"),
]


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_a_planted_fault_is_found(redis_url: str, tmp_path: Path, fault: Fault) -> None:
    lua = tmp_path / "lua"
    shutil.copytree(LUA, lua)
    file = lua / f"{fault.file}.lua"
    text = file.read_text()
    assert text.count(fault.text) == 1, "the script has changed: plant the fault anew"
    file.write_text(text.replace(fault.text, fault.fault))

    with asyncio.Runner() as runner:
        store, listener = runner.run(open_beside(redis_url, lua))

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.generate],  # the first example will do
            report_multiple_bugs=False,
        )
        @given(SCENARIOS[fault.scenario])
        def agree(run: Run) -> None:
            runner.run(run_beside(store, listener, run))

        test: Callable[[], None] = agree
        try:
            with pytest.raises(AssertionError):
                test()
        finally:
            runner.run(store.close())
