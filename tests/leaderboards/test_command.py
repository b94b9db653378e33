"""`chance-tap leaderboard rebuild`."""

import asyncio
import json

import pytest
import redis

from cli.commands.leaderboard import rebuild
from cli.main import main
from persistence.leaderboards import leaderboard_at
from tests.leaderboards.conftest import Season


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


@pytest.mark.usefixtures("environment")
async def test_it_puts_the_boards_right_and_says_so(
    season: Season, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = await season.sign_up(2)
    now_ms = season.live.now_ms()
    await season.win(one, two, now_ms)
    today = leaderboard_at("today", now_ms)
    with redis.Redis.from_url(redis_url) as client:
        client.zadd("ct:{leaderboard}:all", {"complete": 0, f"{two:019}": 999})

    assert await asyncio.to_thread(main, ["leaderboard", "rebuild", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rebuilt"] is True
    assert {"board": "all", "players": 1} in said["boards"]
    assert {"board": today.name, "players": 1} in said["boards"]
    assert await season.shown("all") == await season.shown(today.name) == [(one, 100)]

    assert await asyncio.to_thread(main, ["leaderboard", "rebuild"]) == 0
    assert "all: 1 players\n" in capsys.readouterr().out


@pytest.mark.usefixtures("environment")
async def test_a_board_that_another_builder_has_in_hand_is_left_to_it(season: Season) -> None:
    assert await season.live.leaderboards.begin("all", "another", 1)
    built = await rebuild(season.live, season.db, patience_s=0)
    assert built.pop("all") is None
    assert set(built.values()) == {0}


@pytest.mark.parametrize("words", [[], ["burn"], ["rebuild", "now"]])
def test_what_it_does_not_know_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["leaderboard", *words])
