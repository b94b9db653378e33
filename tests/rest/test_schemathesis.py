"""The OpenAPI document against the server, by a program that knows nothing but the document: Schemathesis.

Of each operation it makes requests that the document allows, and others that it does not; the same ones in every run.
Held: an answer is no 5xx, its status and its headers are documented, its body is what the schema says, and what the
document forbids is refused.
"""

from functools import cache
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks
from starlette.applications import Starlette

from tests.rest.conftest import DOCUMENT, Player, lift_limits

EXAMPLES = 5
# Not that all that the document allows is accepted: what a rule of the game refuses (another stake, an unknown room, a
# weak password) no schema can say.
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
]


@cache
def cases(mode: GenerationMode) -> list[Case[Any]]:
    """The same in every run, for every operation that has something to vary."""
    found: list[Case[Any]] = []
    # Who comes without a token is tried elsewhere, on every endpoint: here everybody has one.
    open_paths = {
        path: {method: operation | {"security": []} for method, operation in operations.items()}
        for path, operations in DOCUMENT["paths"].items()
    }
    for result in schemathesis.openapi.from_dict(DOCUMENT | {"paths": open_paths}).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
            continue

        @seed(1)
        @examples(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def collect(case: Case[Any]) -> None:
            found.append(case)

        collect()
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_the_server_does_what_the_document_says(
    client: httpx.AsyncClient, app: Starlette, unlimited: Player, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    lift_limits(app, monkeypatch)
    client.event_hooks["response"].clear()  # held against the document here
    problems: list[str] = []
    for case in cases(mode):
        request = _request(client, case, unlimited)
        answer = await client.send(request)
        try:
            case.validate_response(answer, checks=CHECKS)
        except Exception as found:
            problems.append(f"{case.method} {request.url} {request.content!r}: {found}")
    assert problems == []
    operations = {case.operation.label for case in cases(mode)}
    every = sum(len(methods) for methods in DOCUMENT["paths"].values())
    assert len(operations) == every if mode is GenerationMode.POSITIVE else len(operations) > 30


def _request(client: httpx.AsyncClient, case: Case[Any], player: Player) -> httpx.Request:
    sent: dict[str, Any] = case.as_transport_kwargs(base_url="http://test")
    return client.build_request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers=dict(sent["headers"]) | player.headers,
        json=sent.get("json"),
        content=sent.get("data"),
    )
