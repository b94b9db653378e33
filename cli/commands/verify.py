"""`chance-tap verify` and `chance-tap replay`."""

import argparse
import asyncio
import json
import re
import sys
from pathlib import Path

from chance_tap.settings import Settings, SettingsError
from persistence.records.document import Unreadable, decode, unpack
from persistence.records.replay import as_plain, show
from persistence.records.verify import Verdict, as_json, verify

RIGHT, WRONG, UNUSABLE, WITHOUT_FRAMES = 0, 1, 2, 3
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the record, as GET /api/v1/games/{room_id}/record gives it")
    parser.add_argument("--key", default=None, metavar="PUBLIC", help="the operator's public key: 64 hex digits")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_verify(arguments: argparse.Namespace, _settings: Settings) -> int:
    """0: everything fits; 1: something is wrong; 2: no file or key; 3: all fits, but the frames were lost."""
    if arguments.key is not None and _KEY.fullmatch(arguments.key) is None:
        print("verify: --key must be 64 hex digits.", file=sys.stderr)
        return UNUSABLE
    try:
        raw = arguments.file.read_bytes()
    except OSError as error:
        print(f"verify: {error}", file=sys.stderr)
        return UNUSABLE
    verdict = verify(raw, arguments.key)
    print(as_json(verdict).decode() if arguments.json else _text(verdict))
    if verdict.findings:
        return WRONG
    return RIGHT if verdict.recomputed else WITHOUT_FRAMES


def _text(verdict: Verdict) -> str:
    lines = [f"wrong: {finding.where}: {finding.what}" for finding in verdict.findings]
    lines += [f"note: {note}" for note in verdict.notes]
    if verdict.findings:
        lines.append(f"{len(verdict.findings)} findings: do not trust this record")
    elif verdict.record is not None:
        record = verdict.record
        frames = sum(len(player.frames) for player in record.players)
        done = f"{frames} frames played again" if verdict.recomputed else "signature and money only"
        lines.append(
            f"right: room {record.room.room_id}, {len(record.players)} players, winner {record.decision.winner or '-'},"
            f" prize {record.decision.prize}; {done}"
        )
    return "\n".join(lines)


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("game", metavar="ROOM|FILE", help="a room id, or a file with its record")
    parser.add_argument("--speed", type=float, default=1.0, help="times as fast as it was; 0: at once (default 1)")
    parser.add_argument("--json", action="store_true", help="print the timeline and the result as JSON")


def run_replay(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: shown; 2: there is no such record."""
    if arguments.speed < 0:
        print("replay: --speed must not be negative.", file=sys.stderr)
        return UNUSABLE
    path = Path(arguments.game)
    try:
        raw = path.read_bytes() if path.is_file() else asyncio.run(_stored(arguments.game, settings))
        if raw is None:
            print(f"replay: there is no file and no record of a room {arguments.game}.", file=sys.stderr)
            return UNUSABLE
        record = decode(raw)
    except (OSError, Unreadable) as error:
        print(f"replay: {error}", file=sys.stderr)
        return UNUSABLE
    if arguments.json:
        print(json.dumps(as_plain(record)))
    else:
        show(record, speed=arguments.speed)
    return RIGHT


async def _stored(room_id: str, settings: Settings) -> bytes | None:
    from persistence.postgres import records  # here, so that a file is checked and shown without a database
    from persistence.postgres.pool import Database

    if not settings.database_url:
        raise SettingsError(f"{room_id} is no file, and DATABASE_URL is not set to look for a room.")
    db = await Database.open(settings.database_url, name="chance-tap-replay")
    try:
        document = await records.document(db, room_id)
    finally:
        await db.close()
    return None if document is None else unpack(document)
