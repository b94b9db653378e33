"""The OpenAPI 3.1 document, made of the endpoints' own declarations so that it cannot say anything else."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from gateway.errors import STATUS
from gateway.rest.endpoint import Endpoint
from gateway.rest.idempotency import MAX_KEY_CHARACTERS
from gateway.rest.parameters import PATH_PARAMETERS, names_in
from gateway.schemas.rest import ErrorBody
from persistence.errors import ErrorCode

ALWAYS = (ErrorCode.METHOD_NOT_ALLOWED, ErrorCode.INTERNAL, ErrorCode.TEMPORARILY_UNAVAILABLE)
WITH_TOKEN = (
    ErrorCode.UNAUTHORIZED,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.FORBIDDEN,
    ErrorCode.BANNED,
    ErrorCode.RATE_LIMITED,
    ErrorCode.INVALID_REQUEST,
)
WITH_BODY = (
    ErrorCode.INVALID_REQUEST,
    ErrorCode.INVALID_JSON,
    ErrorCode.TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
)
IDEMPOTENT = (ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.IDEMPOTENCY_IN_PROGRESS)


HEADERS: Final[Mapping[int, Mapping[str, Mapping[str, Any]]]] = {
    401: {"WWW-Authenticate": {"const": "Bearer"}},
    405: {"Allow": {"type": "string"}},
    429: {"Retry-After": {"type": "integer", "minimum": 1}},
    503: {"Retry-After": {"type": "integer", "minimum": 1}},
}
"""What comes with a refusal of that status."""


def possible_codes(endpoint: Endpoint) -> list[ErrorCode]:
    """Every code with which this endpoint may refuse."""
    codes = {*ALWAYS, *endpoint.codes}
    codes |= set(WITH_TOKEN) if endpoint.with_token else set()
    codes |= {ErrorCode.INVALID_REQUEST} if endpoint.query else set()
    codes |= {ErrorCode.NOT_FOUND} if names_in(endpoint.path) else set()
    codes |= set(WITH_BODY) if endpoint.body is not None else set()
    codes |= set(IDEMPOTENT) if endpoint.idempotent else set()
    return [code for code in ErrorCode if code in codes]


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    endpoints = list(endpoints)
    models: list[Any] = [ErrorBody]
    for endpoint in endpoints:
        models += [model for model in (endpoint.body, endpoint.answer) if model is not None and model not in models]
    references, components = msgspec.json.schema_components(models, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(models, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chance Tap", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handler.__name__,
        "security": [{"token": []}] if endpoint.with_token else [],
        "responses": _responses(endpoint, schemas),
    }
    parameters = _parameters(endpoint)
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": {"schema": schemas[endpoint.body]}},
        }
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for where, parameters in (
        ("path", {name: PATH_PARAMETERS[name] for name in names_in(endpoint.path)}),
        ("query", endpoint.query),
    ):
        found += [
            {
                "name": name,
                "in": where,
                "required": where == "path",
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for name, parameter in parameters.items()
        ]
    if endpoint.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]+$"}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    return found


def _responses(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    responses = {
        "200": {"description": "Success", "content": {"application/json": {"schema": schemas[endpoint.answer]}}}
    }
    by_status: dict[int, list[str]] = {}
    for code in possible_codes(endpoint):
        by_status.setdefault(STATUS[code], []).append(code.value)
    for status, codes in sorted(by_status.items()):
        schema = {"allOf": [schemas[ErrorBody], {"properties": {"code": {"enum": codes}}}]}
        responses[str(status)] = {
            "description": ", ".join(codes),
            "headers": {name: {"required": True, "schema": form} for name, form in HEADERS.get(status, {}).items()},
            "content": {"application/json": {"schema": schema}},
        }
    return responses
