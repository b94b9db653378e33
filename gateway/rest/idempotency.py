"""Requests that take effect once: a repetition with the same Idempotency-Key gets the bytes of the first response.

Owns the header, what of a request its key stands for, and the order of what follows: act, encode, store, and only then
respond.  The act itself records the key in the transaction of its effect, so that a process may die at any point:

- before the effect is committed, nothing has happened: the retry begins anew;
- after it, the key is leased: a retry is refused as in progress until the lease ends (at once, where the act gave it
  back because it could not be finished), and then resumes what was begun and makes the response anew;
- after the response is stored, every retry gets its bytes.

A caller that is cancelled leaves by the same rules; what was handed to the writer is stored without it.  What was
refused stores nothing, so the same key may be tried again.  Must never respond before the response is stored.
"""

import re
from collections.abc import Awaitable
from hashlib import sha256
from typing import Final

import msgspec

from gateway.errors import invalid
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.response_writer import ResponseWriter

HEADER: Final = b"idempotency-key"
MAX_KEY_CHARACTERS: Final = 200
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,%d}" % MAX_KEY_CHARACTERS)
_encode = msgspec.json.Encoder().encode


def read_key(header: bytes | None, path: str, body: msgspec.Struct | None) -> IdempotencyKey:
    """The key of a request to `path`, 1 to 200 visible ASCII characters; `body` is None where there is none.

    Raises:
        GameError: invalid_request.
    """
    if header is None:
        raise invalid("Idempotency-Key", "missing")
    if not _KEY.fullmatch(header):
        raise invalid("Idempotency-Key", f"must be 1 to {MAX_KEY_CHARACTERS} visible ASCII characters")
    return IdempotencyKey(path, header.decode("ascii"), body_hash(body))


def body_hash(body: msgspec.Struct | None) -> bytes:
    """A digest that is equal for bodies that mean the same, whatever their spaces and order."""
    return sha256(_encode(body)).digest()


async def respond_once(
    responses: ResponseWriter, user_id: int, key: IdempotencyKey, act: Awaitable[msgspec.Struct | bytes]
) -> bytes:
    """Act, and store the response under the key; bytes are the stored response to an earlier send.

    Raises:
        GameError: what the act refuses with.
        StoreUnavailable: also where it took effect and its response could not be stored.
    """
    answer = await act
    if isinstance(answer, bytes):
        return answer
    response = _encode(answer)
    await responses.store(user_id, key, response)
    return response
