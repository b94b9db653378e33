"""Telegram's side of the Bot API, for tests: what `tests.peers.telegram` is made of."""
