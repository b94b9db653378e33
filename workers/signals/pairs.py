"""Accounts that feed another: games of few in which the same one always wins, over days.

No single game shows it.  The weight lies on what honest friends do not do together: stakes near the highest, one
device, games thrown away, a loser who plays with nobody else.  Friends of unequal skill who play for little are not
flagged.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

import msgspec

from workers.signals.evidence import Signal, ramp

FEWEST_GAMES: Final = 5
_ONE_SIDED: Final = 0.4
_ONE_DEVICE: Final = 0.35
_ONE_NETWORK: Final = 0.1
_HIGH_STAKES: Final = 0.35
_THROWN: Final = 0.5
_NOBODY_ELSE: Final = 0.2
_MANY_ACCOUNTS: Final = 0.35


class SmallGame(msgspec.Struct, frozen=True):
    """A settled game of few: `taps` by user id; who shared a device or a network with another player of it."""

    room_id: str
    stake: int
    winner: str
    decided_ms: int
    taps: dict[str, int]
    same_device: list[str]
    same_network: list[str]


class SmallGames(msgspec.Struct, frozen=True):
    """The latest days of one player: all settled games, and those of few."""

    games: int
    few: list[SmallGame]


class Fed(NamedTuple):
    """`since_ms` is the end of the first game that it is about."""

    signal: Signal
    since_ms: int


def fed(user_id: str, winner: str, latest: Mapping[str, SmallGames], highest_stake: int) -> Iterator[Fed]:
    """What the latest days say of a player of the game that `winner` won: the one who is fed, or one who feeds."""
    won_by = latest.get(winner)
    if won_by is None:
        return
    # By pairs, and by all accounts together that shared the winner's device: a ring takes turns.
    losers = [user_id] if user_id != winner else sorted(latest.keys() - {winner})
    for loser in losers:
        together = [game for game in won_by.few if loser in game.taps]
        own = latest.get(loser)
        alone = own is not None and len(together) >= 0.8 * own.games
        yield from _judge(winner, f"player {loser}", together, highest_stake, _NOBODY_ELSE if alone else 0.0)
    shared = [game for game in won_by.few if winner in game.same_device and len(game.same_device) > 1]
    accounts = {user for game in shared for user in game.same_device} - {winner}
    if len(accounts) >= 3 and (user_id == winner or user_id in accounts):
        yield from _judge(winner, f"{len(accounts)} accounts", shared, highest_stake, _MANY_ACCOUNTS)


def _judge(winner: str, losers: str, games: Sequence[SmallGame], highest_stake: int, further: float) -> Iterator[Fed]:
    if len(games) < FEWEST_GAMES:
        return
    count = len(games)
    won = sum(game.winner == winner for game in games)
    one_sided = ramp((2 * won - count) / count, 0.6, 0.95)
    if one_sided == 0:
        return
    stake = sum(game.stake for game in games) / count
    device = sum(winner in game.same_device and len(game.same_device) > 1 for game in games) / count
    network = sum(winner in game.same_network and len(game.same_network) > 1 for game in games) / count
    effort = median(_effort(game, winner) for game in games)
    witnesses = (
        _ONE_SIDED * one_sided,
        _ONE_DEVICE if device >= 0.5 else _ONE_NETWORK if device + network >= 0.5 else 0.0,
        _HIGH_STAKES * ramp(stake / highest_stake, 0.3, 0.6),
        _THROWN * ramp(effort, 0.6, 0.3),
        further,
    )
    innocent = 1.0
    for witness in witnesses:
        innocent *= 1 - witness
    signal = Signal(
        "fed",
        round(1 - innocent, 4),
        f"of {count} games of few against {losers} in the latest days player {winner} won {won}, at {stake:.0f} Stars a"
        f" stake (the highest is {highest_stake}); one device in {device:.0%} of them, one network in {network:.0%};"
        f" the others made {effort:.0%} of the winner's taps",
    )
    yield Fed(signal, min(game.decided_ms for game in games))


def _effort(game: SmallGame, winner: str) -> float:
    """The best of the others beside the winner."""
    others = [taps for user, taps in game.taps.items() if user != winner]
    return max(others, default=0) / max(1, game.taps.get(winner, 0))
