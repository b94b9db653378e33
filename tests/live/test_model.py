"""Random commands, to the scripts on a real server and to the model: they must agree in everything."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from persistence.redis.rooms import RoomTerms
from tests.live.beside import open_beside, run_beside
from tests.live.words import Word, run


@pytest.mark.on_cluster_too
def test_scripts_agree_with_the_model(redis_url: str, redis_kind: str) -> None:
    # What a cluster can get wrong is where keys lie, and that is the same in every run of a command.
    examples = 250 if redis_kind == "standalone" else 40

    with asyncio.Runner() as runner:
        store, listener = runner.run(open_beside(redis_url))

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(run)
        def agree(words: tuple[RoomTerms, list[Word], list[Word]]) -> None:
            terms, opening, rest = words
            runner.run(run_beside(store, listener, terms, opening + rest))

        test: Callable[[], None] = agree
        try:
            test()
        finally:
            runner.run(store.close())
