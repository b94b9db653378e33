"""Options that several commands share, and the settings of the one that runs."""

import getpass
from typing import Annotated, Any

import typer

from chance_tap.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Limit = Annotated[int, typer.Option("--limit", help="how many at most")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="your name: noted behind the login, which Postgres names by itself (default: the system's user)",
        default_factory=getpass.getuser,
        show_default=False,
    ),
]


def settings_of(context: typer.Context, *, url: str = "") -> Settings:
    """The settings, read now: words that are not understood are refused before settings that are.  `url` is asked
    beside what they name.

    Raises:
        SettingsError: they are malformed, or lack what the command needs; or the environment is in the way of whom it
            asks.
    """
    root: Any = context.find_root()
    settings: Settings = root.obj(root.invoked_subcommand, url)
    return settings


def refused_together(context: typer.Context, one: str, other: str) -> Exception:
    """The refusal of two options that say different things."""
    return typer.BadParameter(f"{one} is not allowed with {other}.", ctx=context)
