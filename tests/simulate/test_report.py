"""The report finds what it is there to find."""

from typing import Any

import pytest

from cli.simulate.outcome import Outcome
from cli.simulate.report import Report


def outcome(user_id: str, **changed: Any) -> Outcome:
    standings = [
        {"place": 1, "user_id": "1", "taps": 30, "prize": 100},
        {"place": 2, "user_id": "2", "taps": 20, "prize": 0},
    ]
    first = user_id == "1"
    fields: dict[str, Any] = {
        "state": "settled", "winner": "1", "prize": 100, "standings": standings, "payout": 100 if first else 0,
        "taps_sent": 30 if first else 20, "settled_frames": 1,
    }  # fmt: skip
    return Outcome(user_id, "room", 50, **(fields | changed))


def report(*outcomes: Outcome) -> Report:
    return Report(
        players=2, stake=50, outcomes=list(outcomes), balances={"1": (1000, 1050), "2": (1000, 950)}, audit=[]
    )


def test_a_right_game_has_no_discrepancies() -> None:
    good = report(outcome("1"), outcome("2"))
    assert good.discrepancies() == []
    assert good.figures()["audit"] == "clean"
    assert (good.figures()["taps_sent"], good.figures()["taps_counted"]) == (50, 50)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"taps_sent": 21}, "21 taps sent, 20 counted"),
        ({"winner": "2"}, "saw different results"),
        ({"standings": []}, "saw different results"),
        ({"settled_frames": 2}, "told 2 times"),
        ({"state": "gone"}, "ended as gone"),
        ({"blocked": {"2"}}, "blocked"),
        ({"payout": 100}, "was paid 100"),
    ],
)
def test_one_players_odd_view_is_found(changed: dict[str, Any], named: str) -> None:
    assert any(named in line for line in report(outcome("1"), outcome("2", **changed)).discrepancies())


def test_money_lost_players_and_the_audit_count() -> None:
    odd = report(outcome("1"), outcome("2"))
    odd.balances["2"] = (1000, 1000)
    odd.lost.append("2: SeatLost closed with 4500")
    odd.audit = ["escrow: room: 50"]
    assert len(odd.discrepancies()) == 3
    assert "! player lost" in odd.text()
