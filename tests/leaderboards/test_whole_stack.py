"""A real game through gateway and worker, and what its players find afterwards."""

from collections.abc import Callable
from typing import Any

import httpx

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Api
from cli.simulate.identity import SIMULATED_IDS, identity
from cli.simulate.run import Plan, Simulation
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually
from tests.rest.conftest import API


async def test_a_game_is_in_the_history_and_on_the_boards(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(CAPACITY="2", GAME_S="1", DEMO_STARS="1000")
    plan = Plan(url=stack.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=2, stake=50, games=1, seed=1, game_timeout_s=60)
    report = await Simulation(plan).run()
    assert report.discrepancies() == []
    winner = str(report.outcomes[0].winner)
    api = Api(stack.url, DEVELOPMENT_BOT_TOKEN)
    accounts = [await api.log_in(identity(SIMULATED_IDS + number)) for number in range(2)]
    await api.close()
    async with httpx.AsyncClient(base_url=f"{stack.url}{API}") as client:
        for account in accounts:
            client.headers["authorization"] = f"Bearer {account.token}"
            won = 100 if account.user_id == winner else 0
            (game,) = (await client.get("/games")).json()["games"]
            assert (game["winner"], game["payout"]) == (winner, won)
            board = await eventually("somebody is on the board", lambda: filled_board(client))
            assert [(entry["user_id"], entry["won"]) for entry in board["entries"]] == [(winner, 100)]
            assert board["me"] == {"place": 1 if won else None, "won": won}
    assert stack.errors() == []


async def filled_board(client: httpx.AsyncClient) -> dict[str, Any] | None:
    """The board of all time, if anybody is on it."""
    board: dict[str, Any] = (await client.get("/leaderboard", params={"period": "all"})).json()
    return board if board["entries"] else None
