"""The record of a game: what was tapped, what came of it and what was paid, chained, hashed and signed.

The format is specified in `docs/record.md`.  Nothing here talks to a store, so that whoever holds a file can check it.
"""
