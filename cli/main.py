"""`chance-tap`: one command a part of the system.

Owns what all commands have in common: settings are read once the words are understood, and every failure that a person
can put right is one line on stderr with exit code 2.
"""

import os
import sys
from collections.abc import Sequence

import typer

from chance_tap.environment import load_settings
from chance_tap.settings import Settings, SettingsError
from cli import surroundings
from cli.machine import on_one_line, open_many_files, print_everything, read_utf8
from cli.tree import COMMANDS, PROGRAM, tree

COMPLETION = "_CHANCE_TAP_COMPLETE"
"""Set by a shell that asks how a line goes on."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 for success, 1 for a finding, 2 for what the caller must put right.

    Raises:
        SystemExit: help was asked for (0), or the words are not understood (2).
    """
    if argv is None:
        read_utf8()
    surroundings.clear(os.environ)
    print_everything()
    open_many_files()
    words = list(sys.argv[1:] if argv is None else argv)
    commands = tree(colourful=sys.stdout.isatty())
    if COMPLETION in os.environ:
        commands.main(words, prog_name=PROGRAM)
    name = ""
    try:
        with commands.make_context(PROGRAM, words, obj=_settings) as context:
            name = words[0] if words else ""
            return int(commands.invoke(context) or 0)
    except typer.Exit as asked:
        raise SystemExit(asked.exit_code) from None
    except typer.TyperException as error:
        print(_not_understood(error, words), file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (line := _to_put_right(error)) is None:
            raise
        print(f"{PROGRAM} {name}: {on_one_line(line)}", file=sys.stderr)
        return 2


def _settings(name: str, url: str) -> Settings:
    """The settings for a command, which asks `url` beside what they name.

    Raises:
        SettingsError: they are malformed, or lack what it needs; or the environment is in the way of whom it asks.
    """
    settings = load_settings()
    _order_outside(name, settings, url)
    if name == "play":
        return settings
    from cli.environment import with_running_play

    return with_running_play(settings, COMMANDS[name].needs, COMMANDS[name].login)


def _order_outside(name: str, settings: Settings, url: str) -> None:
    from cli.outside import Service, asked_by, put_in_order  # here: help wants none of it

    if name != "doctor":  # it looks by itself, and says all that is wrong
        asked = [*asked_by(name, settings), *([Service(url, url)] if url else [])]
        put_in_order(os.environ, asked, own_host=settings.host)


def _not_understood(error: typer.TyperException, words: Sequence[str]) -> str:
    """One line, with a name that may have been meant."""
    context = getattr(error, "ctx", None)
    known = [word for word in words[:1] if word in COMMANDS]
    where = " ".join([PROGRAM, *known]) if context is None else context.command_path
    said = " ".join(error.format_message().split()).replace("Value error, ", "")
    if near := getattr(error, "possibilities", None):
        said = f"{error.message}. Did you mean {near[0]}?"
    elif isinstance(error, typer.BadParameter) and error.param is None:
        said = error.message
    elif said == "Missing command.":
        said = f"Missing command: `{where} --help` lists them."
    return f"{where}: {said}"


def _to_put_right(error: Exception) -> str | None:
    """What a person can do about it; None for a fault of ours."""
    from cli.embedded.child import EmbeddedError  # here, so that only who fails pays for them
    from cli.play.folder import PlayError
    from persistence.errors import StoreUnavailable

    if isinstance(error, StoreUnavailable):
        from persistence.waiting import problem

        heard = ", ".join(surroundings.heard_by_postgres(os.environ)) if error.store == "postgres" else ""
        return f"{error.store} {problem(error)}{heard and f' (it is asked as these say: {heard})'}."
    if isinstance(error, SettingsError | PlayError | EmbeddedError):
        return str(error)
    from persistence.postgres.access import UnfitDatabase  # these load the clients of the stores
    from persistence.redis.store import UnfitStore

    return str(error) if isinstance(error, UnfitStore | UnfitDatabase) else None
