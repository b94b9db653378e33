"""`chance-tap`: one command a part of the system.

Owns the command line only.  A command's module is imported when the command runs, so that none pays for the others,
and every failure that a person can put right is one line on stderr with exit code 2.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence

from chance_tap.settings import Settings, SettingsError, load_settings
from cli.embedded.child import EmbeddedError
from cli.play.folder import PlayError, kept_secret, running_addresses
from persistence.errors import StoreUnavailable


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """`needs` names the settings without which it cannot work; in development a running `play` supplies them."""

    help: str
    run: Callable[[argparse.Namespace, Settings], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None
    needs: Sequence[str] = ()


def _play(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.play.launcher import play

    return play(settings, stop_with_parent=arguments.stop_with_parent)


def _play_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stop-with-parent", action="store_true", help="end when the calling process (make) does")


def _gateway(_: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log, sentry
    from gateway.server import serve

    log.configure(settings.log_level, part="gateway")
    sentry.configure(settings, part="gateway")
    serve(_with_secret(settings))
    return 0


def _worker(_: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log, sentry
    from workers.main import run

    log.configure(settings.log_level, part="worker")
    sentry.configure(settings, part="worker")
    run(_with_secret(settings))
    return 0


def _bot(arguments: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log, sentry
    from cli.commands.bot import run

    log.configure(settings.log_level, part="bot")
    sentry.configure(settings, part="bot")
    return run(arguments, settings)


def _bot_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.bot import add_arguments

    add_arguments(parser)


def _appeals(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.appeals import run

    return run(arguments, settings)


def _appeals_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.appeals import add_arguments

    add_arguments(parser)


def _with_secret(settings: Settings) -> Settings:
    """In development a secret is made once and kept: tokens and the key of game records come of it."""
    if settings.jwt_secret:
        return settings
    return dataclasses.replace(settings, jwt_secret=kept_secret(settings.data_dir / "jwt_secret"))


def _migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    from persistence.postgres.migrate import MigrationRefused, migrate

    try:
        done = migrate(settings.database_url, rollback=arguments.rollback, env=settings.env)
    except MigrationRefused as refused:
        print(f"chance-tap migrate: {refused}", file=sys.stderr)
        return 2
    print("\n".join(done) if done else "Nothing to do.")
    return 0


def _migrate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rollback", action="store_true", help="take all migrations back (development only)")


def _simulate(arguments: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log
    from cli.simulate.run import run

    log.configure(settings.log_level, part="simulate")
    return run(arguments, settings)


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.simulate.run import add_arguments

    add_arguments(parser)


def _audit(arguments: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log
    from cli.commands.audit import run

    if arguments.repair:
        log.configure("error", part="repair", stream=sys.stderr)  # what it does is its own output
    return run(arguments, settings)


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    _json_argument(parser)
    parser.add_argument("--repair", action="store_true", help="do at once what a worker would, then audit again")


def _room(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.room import run

    return run(arguments, settings)


def _room_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.room import add_arguments

    add_arguments(parser)


def _drain(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.drain import run

    return run(arguments, settings)


def _drain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("gateway", nargs="?", metavar="GATEWAY", help="its name; without one all are listed")
    _json_argument(parser)


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.record import run_verify

    return run_verify(arguments, settings)


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.record import add_verify_arguments

    add_verify_arguments(parser)


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.record import run_replay

    return run_replay(arguments, settings)


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.record import add_replay_arguments

    add_replay_arguments(parser)


def _bonus(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.bonus import run

    return run(arguments, settings)


def _bonus_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.bonus import add_arguments

    add_arguments(parser)


def _user(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.user import run

    return run(arguments, settings)


def _user_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.user import add_arguments

    add_arguments(parser)


def _payments(arguments: argparse.Namespace, settings: Settings) -> int:
    from chance_tap.telemetry import log
    from cli.commands.payments import run

    log.configure("error", part="payments", stream=sys.stderr)  # what it does is its own output
    return run(arguments, settings)


def _payments_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.payments import add_arguments

    add_arguments(parser)


def _chain(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.chain import run

    return run(arguments, settings)


def _chain_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.chain import add_arguments

    add_arguments(parser)


def _leaderboard(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.leaderboard import run

    return run(arguments, settings)


def _leaderboard_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.leaderboard import add_arguments

    add_arguments(parser)


def _money(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.money import run

    return run(arguments, settings)


def _money_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.money import add_arguments

    add_arguments(parser)


def _withdrawals(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.withdrawals import run

    return run(arguments, settings)


def _withdrawals_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.withdrawals import add_arguments

    add_arguments(parser)


def _ws_echo(arguments: argparse.Namespace, _: Settings) -> int:
    from cli.commands.ws_echo import run

    run(arguments.host, arguments.port)
    return 0


def _ws_echo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=9001, help="port (default 9001)")


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.doctor import run

    return run(arguments, settings)


def _wallet_apps(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.commands.wallet_apps import run

    return run(arguments, settings)


def _wallet_apps_arguments(parser: argparse.ArgumentParser) -> None:
    from cli.commands.wallet_apps import add_arguments

    add_arguments(parser)


def _json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


_STORES = ("database_url", "redis_url")

COMMANDS = {
    "play": Command("start everything on this machine, embedded servers included", _play, _play_arguments),
    "gateway": Command("serve players: HTTP and WebSocket", _gateway, needs=_STORES),
    "worker": Command("settle games, keep deadlines, return stakes", _worker, needs=_STORES),
    "bot": Command("talk in Telegram: by polling, or tell it of the webhook", _bot, _bot_arguments, needs=_STORES),
    "appeals": Command(
        "what blocked players say, and an answer", _appeals, _appeals_arguments, needs=("database_url",)
    ),
    "migrate": Command("bring the database up to date", _migrate, _migrate_arguments, needs=("database_url",)),
    "simulate": Command("play real games with virtual players, and measure", _simulate, _simulate_arguments),
    "ws-echo": Command("serve the WebSocket class with an echo, for conformance suites", _ws_echo, _ws_echo_arguments),
    "audit": Command("are the books right, do the stores agree?", _audit, _audit_arguments, needs=_STORES),
    "room": Command("one room in both stores: show it, or refund it", _room, _room_arguments, needs=_STORES),
    "drain": Command(
        "list the gateways, or move one's players to the others", _drain, _drain_arguments, needs=("redis_url",)
    ),
    "verify": Command("check the signed record of a game, offline", _verify, _verify_arguments),
    "replay": Command("show a game again from its record", _replay, _replay_arguments),
    "leaderboard": Command("build the leaderboards anew", _leaderboard, _leaderboard_arguments, needs=_STORES),
    "payments": Command("see payments, send them back, compare books", _payments, _payments_arguments, needs=_STORES),
    "bonus": Command("bonus runs, and rewards that wait for an operator", _bonus, _bonus_arguments, needs=_STORES),
    "money": Command("what came in, moved and went out in a period", _money, _money_arguments, needs=_STORES),
    "withdrawals": Command(
        "see withdrawals, and decide about those that wait", _withdrawals, _withdrawals_arguments, needs=_STORES
    ),
    "user": Command("an account: show it, ban it, lift a ban", _user, _user_arguments, needs=_STORES),
    "chain": Command("deposits of TON, and those that wait for an operator", _chain, _chain_arguments, needs=_STORES),
    "wallet-apps": Command(
        "the wallets that the chat offers, held against the public list", _wallet_apps, _wallet_apps_arguments
    ),
    "doctor": Command("check settings, stores and ports, and say what to do", _doctor, _json_argument),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 for success, 1 for a finding, 2 for what the caller must put right."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="chance-tap", description="A tapping game for Stars: its parts, one by one.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(name, help=command.help, description=command.help)
        if words[:1] == [name]:
            command.add_arguments(subparser)
    arguments = parser.parse_args(words)
    chosen = COMMANDS[arguments.command]
    try:
        settings = load_settings()
        if arguments.command != "play":
            settings = _with_running_play(settings, chosen.needs)
        return chosen.run(arguments, settings)
    except (SettingsError, PlayError, EmbeddedError) as error:
        print(f"chance-tap {arguments.command}: {error}", file=sys.stderr)
        return 2
    except StoreUnavailable as error:
        print(f"chance-tap {arguments.command}: {error.store} does not answer.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from persistence.redis.store import UnfitStore  # here, so that commands without Redis do not load it

        if not isinstance(error, UnfitStore):
            raise
        print(f"chance-tap {arguments.command}: {error}", file=sys.stderr)
        return 2


def _with_running_play(settings: Settings, needs: Sequence[str]) -> Settings:
    """In development, the stores that a running `play` of the same DATA_DIR embeds stand in for unset addresses."""
    if not settings.is_production:
        running = running_addresses(settings.data_dir)
        settings = dataclasses.replace(
            settings,
            database_url=settings.database_url or running.get("database_url", ""),
            redis_url=settings.redis_url or running.get("redis_url", ""),
        )
    for name in needs:
        if not getattr(settings, name) and settings.is_production:
            raise SettingsError(f"{name.upper()} is not set: production needs it.")
        if not getattr(settings, name):
            raise SettingsError(f"{name.upper()} is not set, and no `play` runs with DATA_DIR ({settings.data_dir}).")
    return settings
