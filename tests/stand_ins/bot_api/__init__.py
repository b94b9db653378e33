"""Telegram's side of the Bot API, for tests: what `tests.stand_ins.telegram` is made of."""
