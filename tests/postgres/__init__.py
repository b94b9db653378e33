"""Money in Postgres: exactly once, never negative, seen only by its owner."""
