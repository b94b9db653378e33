"""`chance-tap audit`: are the books right, do Redis and Postgres agree, and do the workers still look?

Looks only; must never change anything: `--repair` is a module of its own.  The look itself is
`persistence.rooms.audit`.
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from chance_tap.settings import Settings
from chance_tap.telemetry import log
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json, print_table
from cli.commands.stores import open_stores
from cli.progress import progress_bar
from persistence import watches
from persistence.postgres.audit import Finding
from persistence.postgres.watches import listed as list_watches
from persistence.rooms.audit import PATIENCE_S
from persistence.rooms.audit import audit as look

_CLEAN = "clean: the books are right and both stores agree"

app = typer.Typer(add_completion=False)


@app.command()
def audit(
    context: typer.Context,
    as_json: Json = False,
    repair: Annotated[bool, typer.Option("--repair", help="do at once what a worker would, then audit again")] = False,
) -> int:
    """Exit code 0 when all is well (afterwards, with --repair), 1 with findings."""
    settings = settings_of(context)
    if repair:
        from cli.commands.repair import repair_stores  # here: it loads what workers do

        log.configure("error", part="repair", stream=sys.stderr)  # what it does is its own output
        done, findings = asyncio.run(repair_stores(settings))
    else:
        done, findings = [], asyncio.run(audit_stores(settings))
    if as_json:
        did = {"done": done} if repair else {}
        print_json({"clean": not findings, **did, "findings": [asdict(finding) for finding in findings]})
    else:
        if repair:
            print("\n".join(done) if done else "Nothing to repair.")
        _print(findings)
    return 1 if findings else 0


def _print(findings: list[Finding]) -> None:
    """Findings for people, and that there are none."""
    if findings and sys.stdout.isatty():
        print_table(("RULE", "SUBJECT", "DETAIL"), ((each.rule, each.subject, each.detail) for each in findings))
    else:
        for each in findings:
            print(f"{each.rule}: {each.subject}: {each.detail}")
    print(f"{len(findings)} findings" if findings else _CLEAN)


async def audit_stores(settings: Settings) -> list[Finding]:
    """The audit of the stores that the settings name; raises as `open_stores` and the audit do."""
    async with open_stores(settings, "audit") as (live, db):
        with progress_bar("Comparing both stores") as progress:
            findings = await look(live, db, patience_s=PATIENCE_S, progress=progress)
        return findings + watches.overdue(await list_watches(db), settings)
