"""The anti-cheat's promises on a small scale; `make anticheat` holds them on a large one."""

import pytest

from tests.record.population import run_cheats, run_honest
from tests.record.stress import STRESS


def test_honest_players_are_neither_blocked_nor_flagged() -> None:
    found = run_honest(range(40))
    assert (found.blocked, found.flagged) == (0, 0)
    assert max(found.scores) < 0.7


def test_honest_games_end_the_same_by_the_real_scripts(redis_url: str) -> None:
    found = run_honest(range(1_000, 1_006), scripts=6, url=redis_url)
    assert (found.scripts, found.differing, found.blocked) == (6, 0, 0)


@pytest.mark.parametrize("name", STRESS)
def test_honest_players_beyond_what_the_signals_know_are_not_blocked(name: str) -> None:
    found = run_honest(range(5), draw=STRESS[name])
    assert found.blocked == 0


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("fixed_rhythm", "regular_rhythm"), ("pinned_rate", "pinned_rate"), ("replayed", "replayed_rhythm"),
        ("held_back", "held_back"),
    ],
)  # fmt: skip
def test_cheats_are_flagged_but_not_blocked(name: str, signal: str) -> None:
    done = run_cheats(name, range(15))
    assert all(cheating.review and signal in cheating.signals for cheating in done), done
    assert not any(cheating.blocked for cheating in done)


@pytest.mark.parametrize(
    ("name", "signal"),
    [("wrong_clock", "clock_drift"), ("two_devices", "two_devices"), ("two_accounts", "same_device")],
)
def test_weaker_signals_are_there_to_be_read(name: str, signal: str) -> None:
    assert all(signal in cheating.signals for cheating in run_cheats(name, range(5)))
