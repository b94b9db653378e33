"""The Bot API by its own documentation (`schema.json`, whose origin and making `generate.mjs` names): what a method may
be called with, and what updates and answers look like.  It must never learn anything from the product's own library."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

_SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text())

UPDATE_KINDS: frozenset[str] = frozenset(
    _SCHEMA["methods"]["getUpdates"]["properties"]["allowed_updates"]["items"]["enum"]
)
# What is delivered when a bot has asked for nothing in particular.
DEFAULT_KINDS = UPDATE_KINDS - {"chat_member", "message_reaction", "message_reaction_count"}


class Breach(Exception):
    """A call, an update or an answer that the documentation does not allow."""


def _max_bytes(_: Validator, limit: int, value: object, __: object) -> Iterator[ValidationError]:
    if isinstance(value, str) and len(value.encode()) > limit:
        yield ValidationError(f"{value!r} is longer than {limit} bytes")


_Validator = validators.extend(Draft202012Validator, {"maxBytes": _max_bytes})  # type: ignore[no-untyped-call]


@cache
def _validator(part: str, name: str) -> Validator:
    return _Validator({"$defs": _SCHEMA["$defs"], **_SCHEMA[part][name]})  # type: ignore[no-any-return]


def _check(part: str, name: str, value: Any, what: str) -> None:
    error = best_match(_validator(part, name).iter_errors(value))
    if error is not None:
        raise Breach(f"{what}: {error.json_path}: {error.message}")


def parameters(method: str, sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, with the JSON inside form fields read, or `Breach`."""
    if method not in _SCHEMA["methods"]:
        raise Breach(f"{method}: no such method, or one that the stand-in does not serve")
    known = _SCHEMA["methods"][method]["properties"]
    read = {name: _read(known.get(name, {}), value) for name, value in sent.items()}
    _check("methods", method, read, method)
    return read


def check_result(method: str, result: object) -> None:
    _check("results", method, result, f"the answer to {method}")


def check_update(update: dict[str, Any]) -> None:
    _check("$defs", "TelegramUpdate", update, "an update")


def _read(schema: dict[str, Any], value: object) -> object:
    """In a form everything is text: what is no text by the schema is JSON in it."""
    if not isinstance(value, str) or schema.get("type") == "string":
        return value
    if all(isinstance(one, str) for one in schema.get("enum", [0])):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the schema says what is wrong with it
