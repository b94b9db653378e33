"""A room's whole life through the flows, and what players may do in it."""

import asyncio

import pytest

from persistence.errors import ErrorCode, GameError
from tests.flows.conftest import GRANT, JOIN, STAKE, World


async def test_a_whole_room_pays_the_winner(world: World) -> None:
    slow, fast = await world.player(), await world.player()
    first = await world.sit(slow)
    second = await world.sit(fast)
    assert second.room_id == first.room_id
    assert second.state == "countdown"
    assert await world.balance(slow) == GRANT - STAKE

    await world.play(first.room_id, {slow: 3, fast: 7})
    assert await world.settle() == 1

    assert await world.balance(slow) == GRANT - STAKE
    assert await world.balance(fast) == GRANT + STAKE
    state = await world.live.rooms.snapshot(first.room_id)
    assert state is not None
    assert state.state == "settled"
    assert state.outcome is not None
    assert await world.room_of(fast) is None
    assert await world.settle() == 0
    assert await world.audit() == []
