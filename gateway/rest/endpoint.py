"""One REST endpoint: its declaration, and the steps that every request takes through it.

The declaration (body, answer, codes) is what the OpenAPI document is made of.  The steps are: method, token,
parameters, rate, ban, size, media type, JSON, model, idempotency key, handler, answer; whatever fails leaves as
`{code, message, details?}`.
A refusal is counted, not logged; anything else that is raised is logged and answered with `internal`.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from gateway import metrics
from gateway.auth.throttle import network_of
from gateway.auth.tokens import Claims
from gateway.errors import error_response
from gateway.rate_limits import ClientGone, read_body
from gateway.rest import idempotency
from gateway.rest.body import check_claimed, decode
from gateway.rest.parameters import PATH_PARAMETERS, Parameter, check_path, names_in, read_query
from gateway.schemas.fields import Claimed, Language
from gateway.services import Services
from gateway.texts import from_accept_language
from persistence.errors import ErrorCode, GameError
from persistence.postgres.idempotency import IdempotencyKey
from persistence.redis.rate_limits import SharedRateLimit

log = structlog.get_logger(__name__)

BASE: Final = "/api/v1"
_JSON: Final = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


_NOBODY: Final = Claims("0", None, "user", 0)
_NO_KEY: Final = IdempotencyKey("", "", b"")


@dataclass(slots=True)
class Call:
    """One request on its way through an endpoint.  `claims` and `person` (whose account it is, for limits) are only
    there where the endpoint wants a token, `idempotency_key` where it is idempotent."""

    services: Services
    scope: Scope
    headers: Mapping[bytes, bytes]
    claims: Claims
    person: str = ""
    body: Any = None
    idempotency_key: IdempotencyKey = _NO_KEY
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def user_id(self) -> int:
        return int(self.claims.user_id)

    @property
    def country(self) -> str:
        """Where the edge says the caller is (Cloudflare's IP geolocation, ISO 3166-1); empty where there is none.
        Anybody may send it: nothing but a language may hang on it."""
        return self.headers.get(b"cf-ipcountry", b"").decode("latin-1")

    @property
    def address(self) -> str:
        """Whom it comes from, behind the balancers that the settings trust."""
        return self.services.proxies.client_of(self.scope)

    @property
    def network(self) -> str:
        """The same, as far as one subscriber has it."""
        return network_of(self.address)

    def path(self, name: str) -> str:
        return str(self.scope["path_params"][name])


Handler = Callable[[Call], Awaitable[msgspec.Struct | bytes]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Endpoint:
    """A method of a path.  `answer` names the model even where the handler gives bytes that were encoded before.

    `idempotent`: the request needs an Idempotency-Key and a token; the handler takes effect once for the key of its
    call, and gives the model of a new answer or the bytes that were stored for an earlier send (`rest.idempotency`).
    `cached_s`: how long anybody may keep the answer; never for what depends on who asks.
    `lasting`: what it writes is kept for ever, so a person may cause only so much of it; every new answer counts.
    `area`: with what its times are measured, the first word of the path unless it says another.
    """

    method: str
    path: str
    handler: Handler
    answer: type[Any]
    summary: str
    body: type[msgspec.Struct] | None = None
    body_optional: bool = False
    with_token: bool = True
    cached_s: int = 0
    idempotent: bool = False
    query: Mapping[str, Parameter] = field(default_factory=dict)
    codes: tuple[ErrorCode, ...] = ()
    lasting: SharedRateLimit | None = None
    area: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in names_in(self.path) if name not in PATH_PARAMETERS]
        if unknown:
            raise ValueError(f"{self.path}: {unknown} are not in PATH_PARAMETERS")

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [_JSON, (b"cache-control", b"public, max-age=%d" % self.cached_s if self.cached_s else b"no-store")]


class Resource:
    """The ASGI application of one path: all of its methods."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self.path = endpoints[0].path
        self._endpoints = {endpoint.method: endpoint for endpoint in endpoints}
        if "GET" in self._endpoints:
            self._endpoints["HEAD"] = self._endpoints["GET"]
        self._decoders = {e.method: msgspec.json.Decoder(e.body) for e in endpoints if e.body is not None}
        self._allow = ", ".join(sorted(self._endpoints))
        self.area = endpoints[0].area or self.path.removeprefix(BASE).split("/")[1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = dict(scope["headers"])
        endpoint = self._endpoints.get(scope["method"])
        services: Services = scope["app"].state.services
        call = Call(services, scope, headers, _NOBODY)
        try:
            if endpoint is None:
                raise GameError(ErrorCode.METHOD_NOT_ALLOWED)
            answer = await self._answer(endpoint, call, receive)
        except GameError as error:
            status = await self._refuse(error, call, send)
        except ClientGone:
            status = 499
        except Exception:
            log.exception("request failed", path=self.path, method=scope["method"])
            status = await self._refuse(GameError(ErrorCode.INTERNAL), call, send)
        else:
            status = 200
            length = (b"content-length", str(len(answer)).encode())
            await send({"type": "http.response.start", "status": 200, "headers": [*endpoint.headers, length]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer})
        operation = (endpoint.method, self.path) if endpoint else ("other", "other")
        metrics.observe_request(*operation, self.area, status, started)

    async def _answer(self, endpoint: Endpoint, call: Call, receive: Receive) -> bytes:
        if endpoint.with_token:
            authenticate(call, bearer_token(call))
        check_path(call.scope["path_params"])
        if call.scope["query_string"]:
            call.query = read_query(call.scope["query_string"], endpoint.query)
        if endpoint.with_token:
            await admit(call)
        if endpoint.lasting is not None:
            call.services.lasting_rates.check(endpoint.lasting, call.person)
        if endpoint.body is not None:
            call.body = await self._body(endpoint, call, receive)
        if endpoint.idempotent:
            path = endpoint.path.format_map(call.scope["path_params"])
            call.idempotency_key = idempotency.read_key(call.headers.get(idempotency.HEADER), path, call.body)
            return await idempotency.respond_once(
                call.services.responses, call.user_id, call.idempotency_key, self._act(endpoint, call)
            )
        answer = await self._act(endpoint, call)
        return answer if isinstance(answer, bytes) else _encode(answer)

    async def _act(self, endpoint: Endpoint, call: Call) -> msgspec.Struct | bytes:
        answer = await endpoint.handler(call)
        if endpoint.lasting is not None and not isinstance(answer, bytes):
            call.services.lasting_rates.charge(endpoint.lasting, call.person)
        return answer

    async def _body(self, endpoint: Endpoint, call: Call, receive: Receive) -> msgspec.Struct | None:
        media_type = call.headers.get(b"content-type")
        is_json = media_type is not None and _is_json(media_type)
        if media_type is not None and not is_json and not endpoint.body_optional:
            raise GameError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
        raw = await read_body(call.headers.get(b"content-length"), receive)
        if not raw:
            if endpoint.body_optional:
                return None  # whatever it was said to be: some clients name a type of their own for no body
            raise GameError(ErrorCode.INVALID_JSON)
        if not is_json:
            raise GameError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
        body = decode(self._decoders[endpoint.method], raw)
        if endpoint.with_token and isinstance(body, Claimed):
            check_claimed(body, call.claims.user_id, call.claims.telegram_id)
        return body

    async def _refuse(self, error: GameError, call: Call, send: Send) -> int:
        headers = {}
        if error.code is ErrorCode.METHOD_NOT_ALLOWED:
            headers["allow"] = self._allow
        # Who waited in vain for a store does not wait for it again to get the refusal.
        language = await _language(call, ask=error.code is not ErrorCode.TEMPORARILY_UNAVAILABLE)
        response = error_response(error, language, headers)
        await response(call.scope, _no_more, send)
        return response.status_code


def authenticate(call: Call, token: str | None) -> None:
    """Whose the token is; no store is asked."""
    if not token:
        raise GameError(ErrorCode.UNAUTHORIZED)
    call.claims = call.services.tokens.verify(token)


async def admit(call: Call) -> None:
    """Rate, claimed ids of the query, then whether the account and this session of it still hold."""
    call.services.rates.user.take(call.claims.user_id)
    if call.query:
        check_claimed(call.query, call.claims.user_id, call.claims.telegram_id)
    person_id = await call.services.accounts.admit(call.claims)
    call.person = f"user {call.claims.user_id}" if person_id is None else str(person_id)


def bearer_token(call: Call) -> str | None:
    """The token of the Authorization header."""
    scheme, _, token = call.headers.get(b"authorization", b"").partition(b" ")
    return token.strip().decode("latin-1") if scheme.lower() == b"bearer" else None


async def _language(call: Call, *, ask: bool) -> Language:
    """The account's language once the caller is known, else what the client accepts."""
    if call.claims is not _NOBODY:
        language = await call.services.accounts.language(call.claims.user_id, ask=ask)
        if language is not None:
            return language
    header = call.headers.get(b"accept-language")
    return from_accept_language(header.decode("latin-1") if header else None)


def _is_json(media_type: bytes) -> bool:
    kind, _, parameters = media_type.lower().partition(b";")
    return kind.strip() == b"application/json" and parameters.strip().replace(b'"', b"") in (b"", b"charset=utf-8")


async def _no_more() -> dict[str, Any]:
    return {"type": "http.disconnect"}
