"""`chance-tap audit`: are the books right, and do Redis and Postgres agree?

Looks only; must never change anything: `--repair` is a module of its own.  The look itself is
`persistence.rooms.audit`.
"""

import argparse
import asyncio
import json
from dataclasses import asdict

from chance_tap.settings import Settings, SettingsError
from cli.commands.output import shown
from cli.commands.repair import run as repair
from persistence.postgres.audit import Finding
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.rooms.audit import PATIENCE_S, audit


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when all is well, 1 with findings."""
    for name in ("database_url", "redis_url"):
        if not getattr(settings, name):
            raise SettingsError(f"{name.upper()} is not set: the audit needs it.")
    if arguments.repair:
        return repair(arguments, settings)
    findings = asyncio.run(audit_addresses(settings))
    if arguments.json:
        print(json.dumps({"clean": not findings, "findings": [asdict(finding) for finding in findings]}))
    else:
        print(shown(findings))
    return 1 if findings else 0


async def audit_addresses(settings: Settings) -> list[Finding]:
    """The audit of the stores that the settings name; raises as `audit`, and UnfitStore."""
    db = await Database.open(settings.database_url, name="chance-tap-audit")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            return await audit(live, db, patience_s=PATIENCE_S)
        finally:
            await live.close()
    finally:
        await db.close()
