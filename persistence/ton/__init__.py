"""The TON chain: addresses, messages, wallets' proofs, toncenter, and what a Star costs.

Its libraries take half a second of CPU to load, more than all the rest of a gateway: they are loaded where they are
used, and nothing that every process loads has them at its top.
"""


def load() -> None:
    """Load them now.  For a gateway before its first player: no game may stand still while they are loaded."""
    import ton_connect.utils.signing  # noqa: F401
