"""What may stand in a path and behind its question mark: each parameter by its pattern, before anything is asked.

Owns the parameters' forms, for the check and for the OpenAPI document alike.  A path that cannot name anything is
`not_found`; a field of a query that is malformed, or given twice, is `invalid_request` with the field named.  Must
never let a store see what does not fit.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from gateway.errors import invalid
from gateway.schemas.fields import ROOM_ID_PATTERN
from persistence.errors import ErrorCode, GameError

MAX_QUERY_FIELDS: Final = 32


class Parameter:
    """One parameter.  `schema` is what the document says of it."""

    def __init__(self, description: str, schema: Mapping[str, Any], pattern: str) -> None:
        self.description = description
        self.schema = schema
        self._fits = re.compile(pattern.removeprefix("^").removesuffix("$")).fullmatch

    def problem(self, text: str) -> str | None:
        """What is wrong with a value; None: it fits."""
        return None if self._fits(text) else "is malformed"


class Text(Parameter):
    """A text that a pattern describes as a whole."""

    def __init__(self, description: str, pattern: str, max_length: int) -> None:
        super().__init__(description, {"type": "string", "pattern": pattern, "maxLength": max_length}, pattern)
        self._max_length = max_length

    def problem(self, text: str) -> str | None:
        return "is malformed" if len(text) > self._max_length else super().problem(text)


class Number(Parameter):
    """A whole number, `least` to `most`."""

    def __init__(self, description: str, least: int, most: int, default: int) -> None:
        schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
        super().__init__(description, schema, f"[0-9]{{1,{len(str(most))}}}")
        self._least, self._most = least, most

    def problem(self, text: str) -> str | None:
        if super().problem(text) is None and self._least <= int(text) <= self._most:
            return None
        return f"must be from {self._least} to {self._most}"


class Choice(Parameter):
    """One of some words; the first one where none is given."""

    def __init__(self, description: str, *words: str) -> None:
        super().__init__(description, {"type": "string", "enum": list(words), "default": words[0]}, "|".join(words))
        self._words = words

    def problem(self, text: str) -> str | None:
        return None if super().problem(text) is None else f"must be one of {', '.join(self._words)}"


PATH_PARAMETERS: Final[Mapping[str, Parameter]] = {
    "room_id": Text("a room", ROOM_ID_PATTERN, 16),
    "key": Text(
        "a hero room's key, as a person types it: spaces, hyphens and case don't matter", "^[0-9A-Za-z -]+$", 64
    ),
    "payment_id": Text("a payment", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", 36),
    "notice_id": Text("a notice", "^[0-9]{1,18}$", 18),
}
"""Whatever stands in braces in the path of an endpoint."""


def names_in(path: str) -> list[str]:
    """The parameters of a path."""
    return re.findall(r"{(\w+)}", path)


def check_path(values: Mapping[str, str]) -> None:
    """Raises GameError: `not_found`, when one of them cannot name anything."""
    for name, value in values.items():
        if PATH_PARAMETERS[name].problem(value) is not None:
            raise GameError(ErrorCode.NOT_FOUND)


def read_query(query_string: bytes, parameters: Mapping[str, Parameter]) -> Mapping[str, str]:
    """The query's fields, the known ones checked; one given twice is refused, since which one counts would be a guess.

    Raises:
        GameError: `invalid_request`.
    """
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise invalid("query", "malformed") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise invalid("query", "a field is given twice")
    for name, value in fields.items():
        parameter = parameters.get(name)
        if parameter is not None and (problem := parameter.problem(value)) is not None:
            raise invalid(name, problem)
    return fields
