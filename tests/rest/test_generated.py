"""What is generated from the models is what the models say."""

from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from gateway import protocol_page
from gateway.app import ENDPOINTS
from gateway.rest.endpoint import BASE
from gateway.rest.openapi import document
from gateway.schemas import generate, messages
from persistence.errors import ErrorCode


def test_the_web_clients_file_is_up_to_date() -> None:
    assert generate.main(["--check"]) == 0


def test_the_check_notices_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "TARGET", tmp_path / "generated.ts")
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    generate.TARGET.write_text(generate.TARGET.read_text() + " ")
    assert generate.main(["--check"]) == 1


def test_the_page_of_the_protocol_is_up_to_date() -> None:
    assert protocol_page.main(["--check"]) == 0


def test_the_pages_check_notices_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_page, "TARGET", tmp_path / "protocol.md")
    assert protocol_page.main(["--check"]) == 1
    assert protocol_page.main([]) == 0
    assert protocol_page.main(["--check"]) == 0


def test_the_page_has_every_code_frame_and_endpoint() -> None:
    page = protocol_page.render()
    for code in ErrorCode:
        assert f"| `{code.value}` |" in page
    for union in (messages.ClientFrame, messages.ServerFrame):
        for frame in get_args(union):
            assert f"| `{frame.__struct_config__.tag}` |" in page
    for endpoint in ENDPOINTS:
        assert f"| {endpoint.method} `{endpoint.path.removeprefix(BASE)}" in page


def test_the_openapi_document_has_sound_schemas_and_every_endpoint() -> None:
    whole = document(ENDPOINTS)
    assert sum(len(operations) for operations in whole["paths"].values()) == len(ENDPOINTS)
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for operations in whole["paths"].values() for operation in operations.values()]
    assert len(set(names)) == len(names)
