"""The commands of `chance-tap`: which there are, what each needs, and how one is loaded when it is asked for.

Owns the list.  A command's module is imported only when that command runs or explains itself, so that none pays for
the others; must never import one at the top.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from chance_tap import __version__

PROGRAM: Final = "chance-tap"
_STORES: Final = ("database_url", "redis_url")


@dataclass(frozen=True, slots=True)
class Command:
    """`needs` names the settings without which it cannot work; in development a running `play` supplies them, with the
    login of a part where `login` names one, else with that of who migrates."""

    help: str
    needs: Sequence[str] = ()
    login: Literal["gateway", "worker", "bot", "console", ""] = "console"


COMMANDS: Final = {
    "play": Command("Start everything on this machine, embedded servers included."),
    "gateway": Command("Serve players: HTTP and WebSocket.", needs=_STORES, login="gateway"),
    "worker": Command("Settle games, keep deadlines, return stakes.", needs=_STORES, login="worker"),
    "bot": Command("Talk in Telegram: by polling, or tell it of the webhook.", needs=_STORES, login="bot"),
    "appeals": Command("What blocked players say, and an answer.", needs=("database_url",)),
    "reviews": Command("Games that wait for a look before money goes out.", needs=("database_url",)),
    "migrate": Command("Bring the database up to date.", needs=("database_url",), login=""),
    "simulate": Command("Play real games with virtual players, and measure."),
    "ws-echo": Command("Serve the WebSocket class with an echo, for conformance suites."),
    "audit": Command("Are the books right, do the stores agree?", needs=_STORES),
    "room": Command("One room in both stores: show it, or refund it.", needs=_STORES),
    "drain": Command("List the gateways, or move one's players to the others.", needs=("redis_url",)),
    "verify": Command("Check the signed record of a game, offline."),
    "replay": Command("Show a game again from its record."),
    "leaderboard": Command("Build the leaderboards anew.", needs=_STORES),
    "payments": Command("See payments, send them back, compare books.", needs=_STORES),
    "bonus": Command("Bonus runs, and rewards that wait for an operator.", needs=_STORES),
    "money": Command("What came in, moved and went out in a period.", needs=_STORES),
    "withdrawals": Command("See withdrawals, and decide about those that wait.", needs=_STORES),
    "debts": Command("What players owe after charge-backs, and forgiving it.", needs=("database_url",)),
    "user": Command("An account: show it, ban it, lift a ban.", needs=_STORES),
    "chain": Command("Deposits of TON, and those that wait for an operator.", needs=_STORES),
    "wallet-apps": Command("The wallets that the chat offers, held against the public list."),
    "doctor": Command("Check settings, stores and ports, and say what to do.", login=""),
}


class _Lazily(TyperGroup):
    """Its commands stand for modules, which are imported when one of them is asked for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, stand_in, rest = super().resolve_command(ctx, args)
        if stand_in is None:  # a shell asks how an unknown word goes on
            return name, None, rest
        command = load(str(name), self.rich_markup_mode)
        return name, command, _in_full(command, rest)


def tree(*, colourful: bool) -> TyperGroup:
    """All commands below one.  `colourful`: help is for a person at a terminal."""
    app = typer.Typer(
        cls=_Lazily,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich" if colourful else None,
    )
    app.callback()(_root)
    for name, command in COMMANDS.items():
        app.command(name, help=command.help)(_stand_in)
    made = get_command(app)
    assert isinstance(made, TyperGroup)
    return made


def load(name: str, markup: Literal["markdown", "rich"] | None) -> TyperCommand | TyperGroup:
    """Import a command; its module is called like it and has an `app`."""
    module = importlib.import_module(f"cli.commands.{name.replace('-', '_')}")
    command = get_command(module.app)
    command.name, command.help = name, COMMANDS[name].help
    assert isinstance(command, TyperCommand | TyperGroup)
    for each in (command, *(command.commands.values() if isinstance(command, TyperGroup) else ())):
        assert isinstance(each, TyperCommand | TyperGroup)
        each.rich_markup_mode = markup
    return command


def _in_full(command: Any, words: Sequence[str]) -> list[str]:
    """Options by their whole names: the beginning of one is enough where no other begins so."""
    if isinstance(command, TyperGroup) and words and words[0] in command.commands:
        return [words[0], *_in_full(command.commands[words[0]], words[1:])]
    names = ["--help", *(name for option in command.params for name in option.opts if name.startswith("--"))]
    found = list(words)
    for number, word in enumerate(words):
        if word == "--":
            break
        begun, equals, value = word.partition("=")
        meant = [name for name in names if name.startswith(begun)]
        if begun.startswith("--") and begun not in names and len(meant) == 1:
            found[number] = f"{meant[0]}{equals}{value}"
    return found


def _version(wanted: bool) -> None:
    if wanted:
        print(PROGRAM, __version__)
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """A tapping game for Stars: its parts, one by one."""


def _stand_in() -> None:
    raise AssertionError("a command runs from its own module")
