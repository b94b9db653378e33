"""/leaderboard and /games over HTTP: shapes, bad input, and nobody else's."""

from base64 import urlsafe_b64encode

import httpx
import pytest_asyncio
from starlette.applications import Starlette

from persistence.leaderboards import LeaderboardSync
from persistence.postgres import games
from persistence.postgres.pool import Database
from tests.leaderboards.conftest import Season
from tests.postgres.play import Finisher, fill, finished, hero_room, new_room
from tests.rest.conftest import API, LogIn, Player, code_of
from tests.rest.test_profile import SENSELESS_PAGES

GAMES, BOARD = f"{API}/games", f"{API}/leaderboard"


@pytest_asyncio.fixture
async def season(app: Starlette, db: Database, database_url: str) -> Season:
    return Season(app.state.services.live, db, database_url)


async def test_the_leaderboard_of_each_period(client: httpx.AsyncClient, log_in: LogIn, season: Season) -> None:
    one, two = await log_in(7, photo_url="https://t.me/i/userpic/7.jpg"), await log_in(8)
    now_ms = season.live.now_ms()
    await season.win(int(one.user_id), int(two.user_id), now_ms)
    await LeaderboardSync(season.live, season.db).keep(now_ms)
    for period in ("today", "week", "all"):
        board = (await client.get(BOARD, headers=one.headers, params={"period": period})).json()
        assert board == {
            "period": period,
            "entries": [
                {
                    "place": 1,
                    "user_id": one.user_id,
                    "name": "Player 7",
                    "photo_url": "https://t.me/i/userpic/7.jpg",
                    "won": 100,
                }
            ],
            "me": {"place": 1, "won": 100},
        }
        other = (await client.get(BOARD, headers=two.headers, params={"period": period})).json()
        assert other == board | {"me": {"place": None, "won": 0}}
    assert (await client.get(BOARD, headers=one.headers)).json()["period"] == "today"


async def test_a_senseless_period_is_refused(client: httpx.AsyncClient, unlimited: Player) -> None:
    wrong = [
        "",
        "Today",
        "year",
        "0",
        "all%00",
        "today%20",
        "%D9%A1",
        "today,week",
        "a" * 5000,
        "../all",
        "today:2026-11-16",
    ]
    for period in wrong:
        answer = await client.get(f"{BOARD}?period={period}", headers=unlimited.headers)
        assert code_of(answer) == (400, "invalid_request"), period
        assert [field["field"] for field in answer.json()["details"]["fields"]] == ["period"]
    assert code_of(await client.get(f"{BOARD}?period=all&period=all", headers=unlimited.headers)) == (
        400,
        "invalid_request",
    )


async def test_the_history_in_pages(client: httpx.AsyncClient, log_in: LogIn, season: Season) -> None:
    one, two = await log_in(7), await log_in(8)
    empty = await client.get(GAMES, headers=one.headers)
    assert empty.json() == {"games": [], "next_cursor": None}
    rooms = [await season.win(int(one.user_id), int(two.user_id)) for _ in range(5)]
    whole = (await client.get(GAMES, headers=one.headers)).json()
    assert whole["next_cursor"] is None
    assert [game["room_id"] for game in whole["games"]] == rooms[::-1]
    newest = whole["games"][0]
    decided_ms = newest.pop("decided_ms")
    assert abs(decided_ms - season.live.now_ms()) < 60_000
    assert newest == {
        "room_id": rooms[-1],
        "kind": "standard",
        "role": "player",
        "organizer_id": None,
        "outcome": "settled",
        "reason": None,
        "stake": 50,
        "pool": 100,
        "prize": 100,
        "winner": one.user_id,
        "players": 2,
        "place": 1,
        "taps": 9,
        "best_rate": 5.0,
        "blocked": False,
        "payout": 100,
        "starts_ms": 1,
        "ended_ms": newest["ended_ms"],
    }
    pages, query = [], {"limit": "2"}
    while True:
        page = (await client.get(GAMES, headers=one.headers, params=query)).json()
        pages += page["games"]
        if page["next_cursor"] is None:
            break
        assert len(page["games"]) == 2
        query["cursor"] = page["next_cursor"]
    assert [game["room_id"] for game in pages] == rooms[::-1]
    exact = (await client.get(GAMES, headers=one.headers, params={"limit": "5"})).json()
    assert exact["next_cursor"] is None


async def test_a_game_with_its_standings_and_transfers(
    client: httpx.AsyncClient, log_in: LogIn, season: Season
) -> None:
    one, two, stranger = await log_in(7), await log_in(8), await log_in(9)
    room = await season.win(int(one.user_id), int(two.user_id))
    listed = (await client.get(GAMES, headers=two.headers)).json()["games"][0]
    game = (await client.get(f"{GAMES}/{room}", headers=two.headers)).json()
    assert game.items() >= listed.items()
    assert (game["place"], game["payout"], game["balance"]) == (2, 0, 950)
    assert [(line["place"], line["user_id"], line["name"], line["prize"]) for line in game["standings"]] == [
        (1, one.user_id, "Player 7", 100),
        (2, two.user_id, "Player 8", 0),
    ]
    (stake,) = game["transfers"]
    assert (stake["kind"], stake["amount"], stake["balance_after"], stake["reason"]) == ("stake", -50, 950, None)
    won = (await client.get(f"{GAMES}/{room}", headers=one.headers)).json()
    assert [transfer["amount"] for transfer in won["transfers"]] == [-50, 100]
    statement = (await client.get(f"{API}/statement", headers=one.headers)).json()["entries"]
    assert [entry["balance_after"] for entry in statement[:2]] == [
        transfer["balance_after"] for transfer in reversed(won["transfers"])
    ]
    assert code_of(await client.get(f"{GAMES}/{room}", headers=stranger.headers)) == (404, "not_found")


async def test_a_hero_game_names_its_organizer(client: httpx.AsyncClient, log_in: LogIn, season: Season) -> None:
    organizer, one, two = await log_in(7), await log_in(8), await log_in(9)
    room = await hero_room(season.db, int(organizer.user_id))
    players = [int(one.user_id), int(two.user_id)]
    seats = await fill(season.db, room, players, kind="hero")
    lines = [Finisher(seat, user, taps) for seat, user, taps in zip(seats, players, (9, 5), strict=True)]
    await games.settle(season.db, room, finished(room, lines, kind="hero"))
    for who, role, payout in ((organizer, "organizer", 10), (one, "player", 90), (two, "player", 0)):
        game = (await client.get(f"{GAMES}/{room}", headers=who.headers)).json()
        assert (game["kind"], game["role"], game["payout"]) == ("hero", role, payout)
        assert game["organizer"] == {"user_id": organizer.user_id, "name": "Player 7", "photo_url": None}
        assert game["organizer_id"] == organizer.user_id
        assert sum(transfer["amount"] for transfer in game["transfers"]) == payout - (50 if role == "player" else 0)


async def test_a_game_that_is_not_the_callers_is_not_there(
    client: httpx.AsyncClient, unlimited: Player, season: Season
) -> None:
    running = new_room()
    await fill(season.db, running, [int(unlimited.user_id)])
    for room_id in (
        running,
        new_room(),
        "00aaaaaaaaaaaaa",
        "00aaaaaaaaaaaaaa%0A",
        "ZZaaaaaaaaaaaaaa",
        "4faaaaaaaaaaaaaa",
        "%00",
        "'; DROP TABLE game.rooms; --",
        "a" * 3000,
        "٠٠aaaaaaaaaaaaaa",
    ):
        answer = await client.get(f"{GAMES}/{room_id}", headers=unlimited.headers)
        assert code_of(answer) == (404, "not_found"), room_id


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


async def test_a_senseless_page_of_games_is_refused(client: httpx.AsyncClient, unlimited: Player) -> None:
    seat = "00000000-0000-0000-0000-000000000000"
    texts = ["", "x", "1", seat, f".{seat}", f"-1.{seat}", f"1e3.{seat}", f"1.{seat}x", f"1.{seat}\n", f"١.{seat}"]
    texts += [f"{'9' * 17}.{seat}", f"1.{'0' * 36}", f"1.{seat.replace('0', 'G')}", "1." + seat[:-1], f"1.{seat};--"]
    good = cursor(f"1.{seat}")
    queries = [*SENSELESS_PAGES, *(f"cursor={cursor(text)}" for text in texts)]
    queries += [
        f"cursor={good[:-1]}",
        f"cursor={good}!",
        f"cursor=%20{good}",
        f"cursor={good}%0A",
        f"cursor={good}&cursor=x",
    ]
    for query in queries:
        answer = await client.get(f"{GAMES}?{query}", headers=unlimited.headers)
        assert code_of(answer) == (400, "invalid_request"), query
        assert answer.json()["details"]["fields"]
    for text in (f"1.{seat}", f"{'9' * 16}.{seat}", f"0.{seat}"):
        answer = await client.get(f"{GAMES}?cursor={cursor(text)}", headers=unlimited.headers)
        assert answer.json() == {"games": [], "next_cursor": None}, text


async def test_the_cursor_of_another_player_opens_nothing(
    client: httpx.AsyncClient, log_in: LogIn, season: Season
) -> None:
    one, two, stranger = await log_in(7), await log_in(8), await log_in(9)
    for _ in range(3):
        await season.win(int(one.user_id), int(two.user_id))
    page = (await client.get(GAMES, headers=one.headers, params={"limit": "1"})).json()
    query = {"cursor": page["next_cursor"]}
    assert (await client.get(GAMES, headers=stranger.headers, params=query)).json()["games"] == []
    theirs = (await client.get(GAMES, headers=two.headers, params=query)).json()["games"]
    assert len(theirs) in (2, 3)  # their seat of that room may stand before or after the one that the cursor names
    assert all(game["payout"] == 0 for game in theirs)


async def test_postgres_away_is_temporary(
    client: httpx.AsyncClient, log_in: LogIn, app: Starlette, season: Season
) -> None:
    """The history waits for it; the boards, once their public_profiles are known, do not."""
    one, two = await log_in(7), await log_in(8)
    now_ms = season.live.now_ms()
    await season.win(int(one.user_id), int(two.user_id), now_ms)
    await LeaderboardSync(season.live, season.db).keep(now_ms)
    before = (await client.get(BOARD, headers=one.headers)).json()
    await app.state.services.db.close()
    assert (await client.get(BOARD, headers=one.headers)).json() == before
    assert code_of(await client.get(GAMES, headers=one.headers)) == (503, "temporarily_unavailable")
    assert code_of(await client.get(f"{GAMES}/{new_room()}", headers=one.headers)) == (503, "temporarily_unavailable")
