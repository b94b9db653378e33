"""Accounts that feed another are seen over games; friends who play together are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from persistence.postgres import games, records, reviews
from persistence.postgres.pool import Database
from tests.postgres.play import Finisher, fill, finished, new_room, sign_up
from workers.signals.assess import assess
from workers.signals.evidence import Observations, Tapper
from workers.signals.pairs import FEWEST_GAMES, SmallGame, SmallGames, fed

HIGHEST = 500
DAY_MS = 86_400_000


@dataclass
class Evening:
    """Games of two or three; `wins`: who won which."""

    wins: str
    stake: int = HIGHEST
    device: bool = False
    network: bool = False
    effort: float = 0.9
    others: int = 0

    def latest(self, players: str = "12") -> dict[str, SmallGames]:
        few = [
            SmallGame(
                f"room {n}", self.stake, winner, n * DAY_MS,
                {player: 300 if player == winner else int(300 * self.effort) for player in players},
                list(players) if self.device else [], list(players) if self.network else [],
            )
            for n, winner in enumerate(self.wins)
        ]  # fmt: skip
        return {player: SmallGames(len(few) + self.others, few) for player in players}


def scores(evening: Evening, players: str = "12") -> list[float]:
    return [
        max((each.signal.score for each in fed(player, "1", evening.latest(players), HIGHEST)), default=0.0)
        for player in players
    ]


@pytest.mark.parametrize(
    "evening",
    [
        Evening("11111", device=True),
        Evening("1" * 8, network=True),
        Evening("1" * 8, effort=0.1, others=50),
        Evening("1" * 18 + "2", device=True, others=50),
        Evening("1" * 6, stake=50, device=True, effort=0.2),
    ],
)
def test_who_feeds_and_who_is_fed_are_both_looked_at(evening: Evening) -> None:
    assert min(scores(evening)) >= 0.7


@pytest.mark.parametrize(
    "evening",
    [
        Evening("1111", device=True),  # too few
        Evening("1" * 20, stake=50, device=True, others=3),  # a quick parent and a child
        Evening("1" * 20, stake=50, device=True),
        Evening("1" * 20, others=50),  # two who like it high, of unequal skill
        Evening("12" * 10, device=True),
        Evening("111211121121", device=True, others=9),
    ],
)
def test_friends_are_not(evening: Evening) -> None:
    assert max(scores(evening)) < 0.7


def test_a_ring_that_takes_turns_is_seen_at_who_is_fed() -> None:
    few = [
        SmallGame(f"room {n}", HIGHEST, "1", n * DAY_MS, {"1": 300, loser: 280}, ["1", loser], [])
        for n, loser in enumerate("234234")
    ]
    latest = {
        "1": SmallGames(6, few),
        **{each: SmallGames(2, [game for game in few if each in game.taps]) for each in "234"},
    }
    [found] = fed("1", "1", {"1": latest["1"], "4": latest["4"]}, HIGHEST)
    assert found.signal.score >= 0.7
    assert "3 accounts" in found.signal.why
    assert [each.signal.score >= 0.7 for each in fed("4", "1", latest, HIGHEST)] == [True]


def test_it_reaches_back_to_the_first_game_and_explains_itself() -> None:
    company = ("1", Evening("1" * FEWEST_GAMES, device=True).latest(), HIGHEST)
    one, two = assess([Tapper("1", [], {}), Tapper("2", [], {})], {}, company)
    assert (one.review, one.since_ms) == (two.review, two.since_ms) == (True, 0)
    assert "player 1 won 5, at 500 Stars a stake (the highest is 500); one device in 100%" in one.signals[0].why


async def game(db: Database, winner: int, losers: Sequence[int], stake: int, device: bool) -> None:
    """Played, settled and judged as the worker does it, without frames."""
    room_id = new_room()
    users = [winner, *losers]
    seats = await fill(db, room_id, users, amount=stake)
    lines = [Finisher(seat, user, 200 - n) for n, (seat, user) in enumerate(zip(seats, users, strict=True))]
    await games.settle(db, room_id, finished(room_id, lines))
    [due] = await records.claim(db, 8, 30.0)
    latest = {user: _small(found) for user, found in due.facts["few"].items()}
    observations: Observations = {(str(user), "from", "n.d"): 1 for user in users} if device else {}
    company = (str(winner), latest, HIGHEST) if latest else None
    found = assess([Tapper(str(user), [], {}) for user in users], observations, company)
    signals = [
        {
            "user_id": int(each.user_id), "score": each.score, "review": each.review, "since_ms": each.since_ms,
            "signals": [{"name": signal.name, "score": signal.score, "why": signal.why} for signal in each.signals],
        }
        for each in found
    ]  # fmt: skip
    digest = room_id.encode().ljust(32)
    assert await records.put(db, records.NewRecord(room_id, room_id, digest, "missing", digest, b"", signals, {}))


def _small(found: dict[str, Any]) -> SmallGames:
    return SmallGames(found["games"], [SmallGame(**each) for each in found["few"]])


async def test_the_database_knows_with_whom_one_has_played(db: Database) -> None:
    fed_one, feeder, *friends = await sign_up(db, 7, stars=10_000)
    for _ in range(FEWEST_GAMES + 1):
        await game(db, fed_one, [feeder], HIGHEST, device=True)
    for _ in range(FEWEST_GAMES + 1):
        await game(db, friends[0], friends[1:], HIGHEST, device=True)  # not of few
        await game(db, friends[0], friends[1:2], 50, device=True)
    waiting = await reviews.listed(db, user_id=None, include_decided=False, limit=10)
    assert {each.user_id for each in waiting} == {fed_one, feeder}
    assert {signal["name"] for each in waiting for signal in each.signals or []} == {"fed", "same_device"}
