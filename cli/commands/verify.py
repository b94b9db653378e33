"""`chance-tap verify`: everything that a game's signed record says is worked out again, without any store."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import Json, settings_of
from persistence.records.verify import Verdict, as_json
from persistence.records.verify import verify as check

RIGHT, WRONG, UNUSABLE, WITHOUT_FRAMES = 0, 1, 2, 3
_KEY = re.compile(r"[0-9a-fA-F]{64}")

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="the record, as GET /api/v1/games/{room_id}/record gives it")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="PUBLIC", help="the operator's public key: 64 hex digits")
    ] = None,
    json: Json = False,
) -> int:
    """0: everything fits; 1: something is wrong; 2: no file or key; 3: all fits, but the frames were lost."""
    settings_of(context)  # for its refusals only
    if key is not None and _KEY.fullmatch(key) is None:
        print("verify: --key must be 64 hex digits.", file=sys.stderr)
        return UNUSABLE
    try:
        raw = file.read_bytes()
    except OSError as error:
        print(f"verify: {error}", file=sys.stderr)
        return UNUSABLE
    verdict = check(raw, key)
    print(as_json(verdict).decode() if json else _text(verdict))
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
