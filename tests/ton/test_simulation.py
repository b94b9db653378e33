"""Thousands of deposits with every trap, each come to exactly what it had to.  `make deposits` runs ten thousand."""

import io
import os
import random
from collections.abc import Iterator
from typing import TextIO

import pytest

from cli.progress import progress_bar
from tests.ton.conftest import World
from tests.ton.simulation import KINDS, Simulation

TRANSACTIONS = int(os.environ.get("CHANCE_TAP_DEPOSITS", "1200"))
SEED = int(os.environ.get("CHANCE_TAP_DEPOSITS_SEED", "20261122"))


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """Where `make deposits` has its terminal, past what pytest captures; else nowhere."""
    descriptor = os.environ.get("CHANCE_TAP_TERMINAL")
    with os.fdopen(os.dup(int(descriptor)), "w") if descriptor else io.StringIO() as stream:
        yield stream


@pytest.mark.parametrize("names_previous", [True, False])
async def test_every_deposit_comes_to_what_it_had_to(world: World, names_previous: bool, terminal: TextIO) -> None:
    """Also of an indexer that does not name the transaction before: then it must not be later than about a minute."""
    simulation = Simulation(world, random.Random(SEED), names_previous)

    with progress_bar("deposits", terminal) as progress:
        await simulation.run(TRANSACTIONS if names_previous else TRANSACTIONS // 4, progress)

    await simulation.check()
    assert simulation.kills > 0
    if TRANSACTIONS >= 10_000 and names_previous:
        assert set(simulation.made) == set(KINDS)
    print(f"{sum(simulation.made.values())} transactions, {simulation.rounds} rounds, {simulation.kills} kills")
    print(dict(simulation.made))
