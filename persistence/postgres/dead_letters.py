"""Entries of result streams that could not be settled, kept for an operator."""

from persistence.postgres.pool import Database, Role


async def put(db: Database, stream: str, entry_id: str, room_id: str | None, payload: bytes, error: str) -> None:
    """Keep an entry that failed repeatedly; a repeat changes nothing."""
    await db.call(
        Role.SETTLER,
        None,
        "SELECT game.put_dead_letter(%(stream)s, %(entry_id)s, %(room_id)s, %(payload)s, %(error)s)",
        {"stream": stream, "entry_id": entry_id, "room_id": room_id, "payload": payload, "error": error[:2000]},
    )
