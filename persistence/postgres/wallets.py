"""Links between accounts and wallets, as Postgres decides them.

Every function is one round trip and can be repeated.  Must never check a proof: that was done before.
"""

from dataclasses import dataclass

from persistence.chain import Network, ProvenWallet
from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class Wallet:
    """The wallet linked to an account; `address` is raw."""

    network: Network
    address: str
    linked_ms: int


async def link(db: Database, user_id: int, wallet: ProvenWallet) -> str:
    """Link a proven wallet, in place of the one before.  Statuses: ok (also repeated), conflict (another
    account's)."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        "SELECT pay.link_wallet(%(user_id)s, %(network)s, %(address)s, %(public_key)s)",
        {
            "user_id": user_id,
            "network": wallet.network,
            "address": wallet.address,
            "public_key": wallet.public_key,
        },
    )
    return str(row[0])


async def unlink(db: Database, user_id: int) -> bool:
    """End the link; False: there was none."""
    row = await db.one(Role.PLAYER, user_id, "SELECT pay.unlink_wallet()")
    return bool(row[0])


async def linked(db: Database, user_id: int) -> Wallet | None:
    """The wallet linked to the account now."""
    row = await db.call(
        Role.PLAYER,
        user_id,
        "SELECT network, address, (extract(epoch FROM linked_at) * 1000)::bigint FROM pay.my_wallet()",
    )
    return None if row is None else Wallet(*row)
