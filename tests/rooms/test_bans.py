"""A ban and what hangs on it: the seat, the running game, the money, and who wrote down what."""

import asyncio
import json

import pytest

from chance_tap.settings import Settings
from cli.main import main
from persistence.accounts.bans import Bans
from persistence.errors import ErrorCode, GameError
from persistence.postgres import operators, users
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.redis.user_events import AccountChanged, Banned
from tests.fixtures.user_events import Ear
from tests.rooms.conftest import GRANT, STAKE, World


def bans(world: World) -> Bans:
    return Bans(world.live, world.db, world.settings)


async def test_a_seat_in_a_waiting_room_is_given_back(world: World) -> None:
    player = await world.player()
    room = await world.sit(player)

    assert await bans(world).ban(player, "bots", "olga") == "ok"

    assert await world.room_of(player) is None
    assert await world.balance(player) == GRANT
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert state.players == []
    assert await bans(world).ban(player, None, "olga") == "unchanged"
    with pytest.raises(GameError) as refused:
        await world.join(player, "again")
    assert refused.value.code is ErrorCode.BANNED


async def test_a_hero_room_that_waits_is_taken_back_from_a_banned_organizer(world: World) -> None:
    organizer, player = await world.player(), await world.player()
    room = await world.organize(organizer)
    await world.come(player, room)

    await bans(world).ban(organizer, None, "olga")

    await world.settle()
    assert (await world.room_of(organizer), await world.room_of(player)) == (None, None)
    assert await world.balance(player) == GRANT


async def test_a_game_that_has_begun_goes_on_and_its_prize_is_frozen_with_the_account(world: World) -> None:
    one, two = await world.player(), await world.player()
    room = await world.sit(one)
    await world.sit(two)
    await world.tick_until(room.room_id, "playing")
    assert await world.tap(room.room_id, one, 20, 1) == 1

    assert await bans(world).ban(one, "bots", "olga") == "ok"

    assert await world.room_of(one) == room.room_id
    await world.tick_until(room.room_id, "finished")
    await world.settle()
    assert await world.balance(one) == GRANT + STAKE
    assert await world.audit() == []


async def test_sessions_from_before_a_ban_stay_ended_after_it(world: World, ear: Ear) -> None:
    player = await world.player()
    before = (await users.hello(world.db, [player]))[player]
    await bans(world).ban(player, None, "olga")
    assert (await users.hello(world.db, [player]))[player].banned
    assert await bans(world).unban(player, "a mistake", "olga") == "ok"
    assert await bans(world).unban(player, None, "olga") == "unchanged"
    events = [Banned(), AccountChanged(), AccountChanged()]  # said again, they are sent again
    assert await ear.next(3) == [(str(player), event) for event in events]
    after = (await users.hello(world.db, [player]))[player]
    assert not after.banned
    assert after.session_epoch == before.session_epoch + 1


async def test_another_reason_is_told_and_everything_is_written_down(world: World) -> None:
    player = await world.player()
    await bans(world).ban(player, "bots", "olga")
    assert await bans(world).ban(player, "two accounts", "pavel") == "ok"
    await bans(world).unban(player, None, "olga")
    report = await operators.report(world.db, player)
    assert report is not None
    assert [(line["action"], line["reason"], line["operator"]) for line in report["operators"]] == [
        ("ban", "bots", "postgres (olga)"),
        ("ban", "two accounts", "postgres (pavel)"),
        ("unban", None, "postgres (olga)"),
    ]
    assert (report["banned_at"], report["balance"]) == (None, GRANT)


async def _player(settings: Settings) -> int:
    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    db = await Database.open(settings.database_url, name="test")
    profile = users.TelegramProfile(telegram_id=77, first_name="Anna", username="Ann")
    user_id = (await users.log_in_telegram(db, profile, GRANT)).user_id
    await live.close()
    await db.close()
    return user_id


def test_the_command(quick: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", quick.database_url)
    monkeypatch.setenv("REDIS_URL", quick.redis_url)
    monkeypatch.setenv("DATA_DIR", str(quick.data_dir))
    user_id = asyncio.run(_player(quick))
    for word, status in ((str(user_id), "ok"), ("telegram:77", "unchanged"), ("@ann", "unchanged")):
        assert main(["user", "ban", word, "--reason", "bots", "--by", "Olga", "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["status"], said["user"]["user_id"], said["user"]["ban_reason"]) == (status, user_id, "bots")
    assert main(["user", "show", str(user_id)]) == 0
    assert "ban by postgres (Olga): bots" in capsys.readouterr().out
    assert main(["user", "unban", str(user_id)]) == 0
    assert "banned since" not in capsys.readouterr().out
    for unknown in ("999999", "telegram:5", "@nobody"):
        assert main(["user", "ban", unknown, "--json"]) == 1
        out = capsys.readouterr()
        assert json.loads(out.out) == {"status": "not_found", "user": None}
        assert "there is no such account" in out.err
    with pytest.raises(SystemExit):
        main(["user", "ban", str(user_id), "--reason", "x" * 501])
