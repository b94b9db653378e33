"""Whom the servers that we ask must have their certificates from."""

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """What httpx trusts, read once a process: it takes 40 ms, and every client would read it for itself."""
    return httpx.create_ssl_context()
