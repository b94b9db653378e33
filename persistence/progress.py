"""How long work tells how far it is, without knowing who looks."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""So much is done, of so much; None where nobody knows how much there is."""


def untold(_done: int, _total: int | None) -> None:
    """Nobody looks."""
