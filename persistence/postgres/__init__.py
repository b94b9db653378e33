"""Postgres: pool, transactions, one module an area, SQL as text.  Money is decided in its functions alone."""
