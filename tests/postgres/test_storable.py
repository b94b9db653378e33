"""What others say is written down as far as Postgres can keep it, and never fails for a letter."""

from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from persistence.postgres import operators, watches, withdrawals
from persistence.postgres.pool import Database
from persistence.postgres.storable import storable
from persistence.postgres.withdrawals import Withdrawal
from tests.fixtures.accounts import new_player
from tests.fixtures.postgres import Execute

ODD = ("a\x00b", "typed \udcff\udce9", "cut \ud83d", "\x00\udc00\x00", "ёжик🦔")


@pytest.mark.parametrize("odd", ODD)
def test_only_what_cannot_be_kept_is_changed(odd: str) -> None:
    kept = storable(odd)
    assert len(kept) == len(odd)
    assert all(new in (old, "?", "\ufffd") for old, new in zip(odd, kept, strict=True))
    assert storable(kept) == kept
    assert storable(None) is None


@pytest.mark.parametrize("odd", ODD)
async def test_errors_and_reasons_are_kept(db: Database, execute: Execute, odd: str) -> None:
    user_id = int(await new_player(db, 0))
    await watches.note(db, "audit", error=odd)
    assert execute("SELECT error FROM game.watches") == [(storable(odd),)]
    assert await operators.ban(db, user_id, odd, by=odd) == "ok"
    assert execute("SELECT ban_reason FROM auth.users") == [(storable(odd),)]
    unknown: Any = SimpleNamespace(withdrawal_id="00000000-0000-4000-8000-000000000000", attempt=1)
    with pytest.raises(psycopg.errors.NoDataFound):  # so it came to Postgres
        await withdrawals.end(db, cast(Withdrawal, unknown), "failed", detail=odd, reference=odd)
