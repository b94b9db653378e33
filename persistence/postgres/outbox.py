"""Mails that wait to be sent.  A row is written with what it reports and goes once its mail was handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from persistence.postgres.pool import Database, Role

Template = Literal["register", "link", "known", "reset", "changed", "linked", "removed", "unlinked"]


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """`nonce` and `token_hash` where it brings a token; `tries` counts this one."""

    mail_id: int
    template: Template
    address: str
    language: Literal["ru", "en"]
    nonce: bytes | None
    token_hash: bytes | None
    tries: int


async def claim(db: Database, *, limit: int, lease_s: float) -> list[QueuedMail]:
    """Mails that are due; nobody else gets them before the lease ends, which doubles with every try."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT mail_id, template, address, language, nonce, token_hash, tries
        FROM auth.claim_mails(%(limit)s, %(lease_s)s)
        """,
        {"limit": limit, "lease_s": lease_s},
    )
    return [QueuedMail(*row) for row in rows]


async def finish(db: Database, mail_ids: Sequence[int]) -> None:
    """They were sent, or can never be."""
    if mail_ids:
        await db.call(
            Role.SETTLER, None, "SELECT auth.finish_mails(%(mail_ids)s::bigint[])", {"mail_ids": list(mail_ids)}
        )
