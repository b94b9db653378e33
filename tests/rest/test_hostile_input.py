"""Hostile texts in every place where the OpenAPI document says that something may be sent: never a 500.

What is tried follows from the document alone, so a new endpoint is tried by being declared.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from tests.rest.conftest import DOCUMENT, Player, lift_limits

Operation = tuple[str, str, dict[str, Any]]
OPERATIONS: list[Operation] = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
# As they stand in an address: percent-encoded, but for what an encoder would leave or a client would send raw.
HOSTILE = (
    "%00", "00aaaaaaaaaaaaaa%00", "00aaaaaaaaaaaaaa%0A", "%0d%0ax:%20y", "%ff%fe", "%C0%80", "%ED%A0%80", "a" * 5000,
    "%F0%9F%92%A5" * 20, "%E2%80%AE", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%2f", "%252f", "..%5c", "%27%20OR%20%271",
    "%", "%zz", "1e309", "-1", "9" * 400, "%EF%BC%91", "null", "%20", "+", "%25s",
)  # fmt: skip
IN_A_QUERY = ("%00", "%ff", "a" * 5000, "%F0%9F%92%A5", "..%2f", "-1", "9" * 400, "%EF%BC%91", "1e3", "%zz", "")
IN_A_BODY: tuple[Any, ...] = (
    "a\x00b", "\ud800", "a" * 5000, "💥" * 200, "\r\nx: y", "../../etc/passwd", "9" * 400, "１", "",
    None, -1, 2**63, 0.5, [], {"a": []},
)  # fmt: skip


@pytest.fixture(autouse=True)
def without_rates(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    lift_limits(app, monkeypatch)


@pytest.fixture
def asked(client: httpx.AsyncClient, unlimited: Player) -> Any:
    """Sends, and holds the answer to our shape and, by the client, to the document."""

    async def ask(method: str, url: str, body: bytes | None = None) -> httpx.Response:
        headers = unlimited.headers | {"idempotency-key": quote(url, safe="")[:150]}
        headers |= {} if body is None else {"content-type": "application/json"}
        answer = await client.request(method, url, headers=headers, content=body)
        assert answer.status_code < 500, (method, url, body, answer.text)
        if answer.status_code != 200:
            assert {"code", "message"} <= answer.json().keys() <= {"code", "message", "details"}
            assert answer.headers["content-type"] == "application/json"
        return answer

    return ask


HARMLESS = {
    "room_id": "00aaaaaaaaaaaaaa",
    "key": "0123456789",
    "payment_id": "00000000-0000-4000-8000-000000000000",
    "notice_id": "1",
}


def in_path(path: str, chosen: str, value: str) -> str:
    return re.sub(r"{(\w+)}", lambda m: value if m[1] == chosen else HARMLESS[m[1]], path)


def parameters(where: str) -> Iterator[tuple[str, str, str]]:
    for method, path, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == where:
                yield method, path, parameter["name"]


async def test_in_every_path(asked: Any) -> None:
    tried = 0
    for method, path, name in parameters("path"):
        for value in HOSTILE:
            answer = await asked(method, in_path(path, name, value))
            assert answer.status_code in (200, 404, 405), (method, path, value, answer.text)
            tried += 1
    assert tried > 8 * len(HOSTILE)


async def test_in_every_query(asked: Any) -> None:
    names: set[str] = set()
    for method, path, name in parameters("query"):
        url = in_path(path, "", "")
        for value in IN_A_QUERY:
            answer = await asked(method, f"{url}?{name}={value}")
            assert answer.status_code == 400, (url, name, value)
            assert answer.json()["details"]["fields"][0]["field"] in (name, "query")
        answer = await asked(method, f"{url}?{name}=1&{name}=1")
        assert answer.status_code == 400
        names.add(name)
    assert names >= {"cursor", "limit", "period"}


async def test_in_every_body(asked: Any, app: Starlette) -> None:
    """Each field by itself, beside others that are as the document wants them; and what is not the document's."""
    for method, path, operation in OPERATIONS:
        if "requestBody" not in operation:
            continue
        url = in_path(path, "", "")
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        whole = {
            name: example(field) for name, field in schema["properties"].items() if name in schema.get("required", ())
        }
        for name in [*schema["properties"], "another"]:
            for value in IN_A_BODY:
                body = json.dumps(whole | {name: value}).encode("utf-8", "surrogatepass")
                await asked(method, url, body)
        await asked(method, url, json.dumps(whole).encode())


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def example(schema: dict[str, Any]) -> Any:
    """Something that fits, roughly."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {
            name: example(field) for name, field in schema["properties"].items() if name in schema.get("required", ())
        }
    if schema.get("type") == "integer":
        return schema.get("minimum", 1)
    return "x" * max(8, schema.get("minLength", 1))


def test_every_place_of_the_document_has_a_form() -> None:
    for _, path, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            form = parameter["schema"]
            assert {"pattern", "enum"} & form.keys() or {"minimum", "maximum"} <= form.keys(), (path, parameter)
