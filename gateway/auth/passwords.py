"""Passwords: which are accepted, and argon2id in a few threads of its own.

The threads run at a lower priority than the event loop and few may wait for them, so a flood of log-ins slows down
log-ins and nothing else, and those of other networks little (`turns`).  An unknown account costs the same verification
as a known one.  Passwords are compared and hashed in their NFKC form and never logged.
"""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from gateway import metrics
from gateway.auth.turns import Turns
from gateway.errors import invalid
from persistence.errors import GameError

T = TypeVar("T")
MIN_CHARACTERS: Final = 8
MAX_CHARACTERS: Final = 128
NICENESS: Final = 10
# About 40 ms on the machines that this was made on; above OWASP's least (19 MiB, 2 passes, RFC 9106 argon2id).
_USUAL_S: Final = 0.04
HASHER: Final = argon2.PasswordHasher(time_cost=3, memory_cost=24 * 1024, parallelism=1)

_OWN_WORDS: Final = ("chancetap", "chance tap", "chance-tap", "telegram")
# Cyrillic and Greek letters that look like Latin ones: a common password does not become rare by one of them.
_LOOK_ALIKES: Final = str.maketrans("авеёкмнорстухіјѕԁѡοαερτν", "abeekmhopctyxijsdwoaeptv")


@cache
def _hash_of_nobody(hasher: argon2.PasswordHasher) -> str:
    """What the password of an unknown account is verified against."""
    return hasher.hash(os.urandom(16))


class Passwords:
    """One a gateway; `close` ends its threads."""

    def __init__(self, hasher: argon2.PasswordHasher = HASHER, threads: int | None = None) -> None:
        self._hasher = hasher
        self._dummy = _hash_of_nobody(hasher)
        threads = threads or max(1, (os.cpu_count() or 2) // 2)
        self._turns = Turns(threads, _USUAL_S)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_step_back)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def require_room(self, network: str) -> None:
        """Before anything is asked or counted.

        Raises:
            GameError: temporarily_unavailable, when too many wait already.
        """
        with _counted():
            self._turns.require_room(network)

    async def hash(self, password: str, network: str) -> str:
        """A salted hash, for somebody in that network.

        Raises:
            GameError: temporarily_unavailable, when too many wait already.
        """
        return await self._run(lambda: self._hasher.hash(_normal(password)), network)

    async def verify(self, password_hash: str | None, password: str, network: str) -> bool:
        """Whether it is the password; without a hash the same work is done, and it is not.

        Raises:
            GameError: temporarily_unavailable, when too many wait already.
        """
        matches = await self._run(lambda: self._matches(password_hash or self._dummy, password), network)
        return matches and password_hash is not None

    def is_dated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T], network: str) -> T:
        with _counted():
            async with self._turns.turn(network):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)


@contextmanager
def _counted() -> Iterator[None]:
    try:
        yield
    except GameError:
        metrics.password_overloads.inc()
        raise


def check_new(password: str, email: str, field: str = "password") -> None:
    """Refuse what must not become a password.

    Raises:
        GameError: invalid_request, naming the field and the rule.
    """
    normal = unicodedata.normalize("NFKC", password)
    if not MIN_CHARACTERS <= len(normal) <= MAX_CHARACTERS:
        raise invalid(field, f"must have {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in normal):
        raise invalid(field, "must not hold control characters")
    if _is_common(normal, email):
        raise invalid(field, "is too easy to guess")


def _is_common(normal: str, email: str) -> bool:
    folded = normal.casefold()
    plain = folded.translate(_LOOK_ALIKES)
    bare = plain.rstrip("0123456789!?.*#$ ")
    local, _, domain = email.partition("@")
    return (
        len(set(plain)) <= 2
        or not _common().isdisjoint((folded, plain))
        or bare in (email, local, domain, *_OWN_WORDS)
        or plain in (email, local)
    )


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _step_back() -> None:
    """Let the event loop's thread go first.  On Linux this concerns the calling thread alone."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
