"""Random commands, to the scripts on a real server and to the model: they must agree in everything."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from tests.lua.beside import open_beside, run_beside
from tests.lua.words import SCENARIOS, Run


@pytest.mark.on_cluster_too
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scripts_agree_with_the_model(redis_url: str, redis_kind: str, scenario: str) -> None:
    # What a cluster can get wrong is where keys lie, and that is the same in every run of a command.
    examples = 60 if redis_kind == "standalone" else 5

    with asyncio.Runner() as runner:
        store, listener = runner.run(open_beside(redis_url))

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(SCENARIOS[scenario])
        def agree(run: Run) -> None:
            runner.run(run_beside(store, listener, run))

        test: Callable[[], None] = agree
        try:
            test()
        finally:
            runner.run(store.close())
