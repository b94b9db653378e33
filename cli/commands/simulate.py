"""`chance-tap simulate`: real games with virtual players, against a running gateway."""

import random
import sys
from typing import Annotated

import typer
import uvloop

from chance_tap.telemetry import log
from cli.commands.options import settings_of
from cli.commands.output import print_json
from cli.progress import progress_bar
from cli.simulate.api import ApiError
from cli.simulate.cheats import mixture
from cli.simulate.hero import LEAST_PLAYERS
from cli.simulate.opponents import Opponents
from cli.simulate.report import Report
from cli.simulate.rhythm import Style
from cli.simulate.run import Plan, SimulationError
from cli.simulate.run import simulate as play

app = typer.Typer(add_completion=False)


@app.command()
def simulate(
    context: typer.Context,
    players: Annotated[int | None, typer.Option("--players", help="virtual players (default 500; --hero: 10)")] = None,
    stake: Annotated[int, typer.Option("--stake", help="stake of their rooms, in Stars")] = 50,
    hero: Annotated[bool, typer.Option("--hero", help="one hero room a game; --stake is its fee")] = False,
    games: Annotated[int, typer.Option("--games", help="games one after another")] = 1,
    url: Annotated[
        str, typer.Option("--url", help="the gateway (default http://127.0.0.1:$PORT)", show_default=False)
    ] = "",
    seed: Annotated[int | None, typer.Option("--seed", help="repeat the rhythms of an earlier run")] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="taps a second of everybody (default: people, 4 to 9)")
    ] = None,
    cheats: Annotated[
        bool, typer.Option("--cheats", help="rooms of ten with cheats, and which of them are flagged")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
    opponents: Annotated[
        int | None, typer.Option("--opponents", metavar="N", help="no run: keep people company, N players a room")
    ] = None,
) -> int:
    """Exit code 0 when everything agrees, 1 on any discrepancy, 2 when the run could not be made."""
    settings = settings_of(context, url=url)
    log.configure(settings.log_level, part="simulate")
    url = url or f"http://127.0.0.1:{settings.port}"
    if opponents is not None:
        if opponents > 0:
            uvloop.run(Opponents(url, settings.bot_token, opponents).run())
        return 0
    players = players if players is not None else 10 if hero or cheats else 500
    least = LEAST_PLAYERS if hero else 1
    if players < least or games < 1:
        print(f"simulate: --players must be at least {least} and --games at least 1.", file=sys.stderr)
        return 2
    plan = Plan(
        url=url, bot_token=settings.bot_token, players=players, stake=stake, games=games, seed=seed,
        styles=mixture(random.Random(seed)) if cheats else (Style(rate=rate),),  # noqa: S311 - rhythms, not secrets
        game_timeout_s=settings.wait_s + settings.countdown_s + settings.game_s + 120,
    )  # fmt: skip
    try:
        with progress_bar(f"{players} players: joins and results") as progress:
            report = uvloop.run(play(plan, settings, hero=hero, progress=progress))
    except (SimulationError, ApiError) as error:
        print(f"simulate: {error}", file=sys.stderr)
        return 2
    return _shown(report, as_json=as_json)


def _shown(report: Report, *, as_json: bool) -> int:
    if as_json:
        print_json(report.figures(), indent=1)
    else:
        print(report.text())
    return 1 if report.discrepancies() else 0
