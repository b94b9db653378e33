"""Requests that are wrong before any handler sees them: each gets its code, none a 500."""

import json
import re
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.applications import Starlette

from gateway.app import ENDPOINTS
from gateway.rate_limits import MAX_BODY_BYTES, Rate
from tests.rest.conftest import API, LogIn, Player, code_of

JOIN = f"{API}/rooms/join"
CREATE = f"{API}/rooms"
BY_KEY = f"{API}/rooms/join-by-key"
ME = f"{API}/me"
IN_PATH = {name: "1" for e in ENDPOINTS for name in re.findall(r"{(\w+)}", e.path)} | {
    "room_id": "00aaaaaaaaaaaaaa",
    "key": "0123456789",
    "payment_id": "00000000-0000-4000-8000-000000000000",
}
WITH_BODY = [(e.method, e.path.format(**IN_PATH)) for e in ENDPOINTS if e.body is not None]
WITH_TOKEN = [(e.method, e.path.format(**IN_PATH)) for e in ENDPOINTS if e.with_token]


NOT_JSON = [
    b"{",
    b"nonsense",
    b'{"stake":NaN}',
    b'{"stake":Infinity}',
    b'{"stake":050}',
    b"{'stake':50}",
    b'{"stake":50}}',
    b'\xef\xbb\xbf{"stake":50}',
    b'{"user_id":"\xff\xfe"}',
    '{"stake":50}'.encode("utf-16"),
    b'{"user_id":"\\ud800"}',
    b'{"unknown":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b"[" * 30_000,
    b"\x00",
]
WRONG_VALUES: dict[tuple[str, str, str], list[Any]] = {
    ("POST", f"{API}/auth/telegram", "init_data"): [None, 7, {"a": 1}, True],
    ("PATCH", ME, "language"): ["de", "RU", None, 1, -1, 0.5, "x" * 60_000, [], {}],
    ("PATCH", ME, "user_id"): [7, [[[[]]]], {}, False],
    ("PATCH", ME, "telegram_id"): [7, 10**30, {}, False],
    ("POST", JOIN, "stake"): [0, -50, 51, 10**18, 10**30, 50.0, "50", True, None, [], {}, [50], "x" * 99],
    ("POST", CREATE, "fee"): [0, -1, 10_001, 10**18, 10**30, 50.0, 0.5, "50", True, None, [], {}, [50], "x" * 99],
    ("POST", BY_KEY, "key"): ["", "x" * 65, 0, 1234567890, 1.5, True, None, [], {}, ["ABCDE12345"]],
}


async def send(client: httpx.AsyncClient, player: Player, method: str, path: str, content: bytes) -> httpx.Response:
    headers = player.headers | {"content-type": "application/json", "idempotency-key": "k"}
    return await client.request(method, path, headers=headers, content=content)


async def test_what_is_not_json(client: httpx.AsyncClient, unlimited: Player) -> None:
    for method, path in WITH_BODY:
        for content in NOT_JSON:
            status, code = code_of(await send(client, unlimited, method, path, content))
            # A wrong type may be met before the spot where the JSON breaks.
            assert (status, code) in {(400, "invalid_json"), (400, "invalid_request")}, (path, content[:40])


async def test_json_that_is_no_object(client: httpx.AsyncClient, unlimited: Player) -> None:
    for method, path in WITH_BODY:
        for content in (b"[]", b"null", b"7", b'"text"', b"true", b'[{"stake":50}]'):
            answer = await send(client, unlimited, method, path, content)
            assert code_of(answer) == (400, "invalid_request"), (path, content)
            assert [wrong["field"] for wrong in answer.json()["details"]["fields"]] == ["body"], (path, content)


async def test_a_wrong_field_is_named(client: httpx.AsyncClient, unlimited: Player) -> None:
    cases = [(request, value) for request, values in WRONG_VALUES.items() for value in values]
    for (method, path, field), value in cases:
        body = {"language": "ru", "stake": 50, "fee": 50, "key": "0123456789", "payment_id": "0"} | {field: value}
        answer = await send(client, unlimited, method, path, json.dumps(body).encode())
        assert code_of(answer) == (400, "invalid_request"), (path, field, value)
        assert [wrong["field"] for wrong in answer.json()["details"]["fields"]] == [field], (path, field, value)


async def test_a_missing_field_is_named(client: httpx.AsyncClient, unlimited: Player) -> None:
    for method, path, field in (
        ("POST", f"{API}/auth/telegram", "init_data"),
        ("PATCH", ME, "language"),
        ("POST", JOIN, "stake"),
        ("POST", CREATE, "fee"),
        ("POST", BY_KEY, "key"),
    ):
        answer = await send(client, unlimited, method, path, b"{}")
        assert answer.json()["details"] == {"fields": [{"field": field, "problem": "missing"}]}


async def test_unknown_fields_are_left_alone(client: httpx.AsyncClient, unlimited: Player) -> None:
    answer = await send(client, unlimited, "PATCH", ME, b'{"language":"ru","new":{"deep":[1,2,3]}}')
    assert answer.json()["language"] == "ru"


async def test_too_large(client: httpx.AsyncClient, unlimited: Player) -> None:
    for method, path in WITH_BODY:
        answer = await send(client, unlimited, method, path, b'{"x":"' + b"x" * MAX_BODY_BYTES + b'"}')
        assert code_of(answer) == (413, "too_large")


async def test_too_large_without_a_length_is_not_kept(client: httpx.AsyncClient, unlimited: Player) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100 * MAX_BODY_BYTES:
            sent += 16_384
            yield b" " * 16_384

    headers = unlimited.headers | {"content-type": "application/json", "idempotency-key": "k"}
    assert code_of(await client.post(JOIN, headers=headers, content=endless())) == (413, "too_large")
    assert sent <= 2 * MAX_BODY_BYTES


async def test_other_media_types(client: httpx.AsyncClient, unlimited: Player) -> None:
    for media_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "",
        "x",
        None,
    ):
        headers = unlimited.headers | {"idempotency-key": "k"}
        headers |= {} if media_type is None else {"content-type": media_type}
        answer = await client.post(JOIN, headers=headers, content=b'{"stake":50}')
        assert code_of(answer) == (415, "unsupported_media_type"), media_type


async def test_a_body_that_is_not_there_has_no_type(client: httpx.AsyncClient, unlimited: Player) -> None:
    path = f"{API}/rooms/00aaaaaaaaaaaaaa/leave"
    headers = unlimited.headers | {"content-type": "application/x-www-form-urlencoded"}
    assert code_of(await client.post(path, headers=headers)) == (404, "not_found")
    assert code_of(await client.post(path, headers=headers, content=b"x=1")) == (415, "unsupported_media_type")


async def test_spellings_of_json(client: httpx.AsyncClient, unlimited: Player) -> None:
    for media_type in ("application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'):
        headers = unlimited.headers | {"content-type": media_type}
        assert (await client.patch(ME, headers=headers, content=b'{"language":"ru"}')).status_code == 200


async def test_unknown_paths(client: httpx.AsyncClient) -> None:
    for path in (
        "/nowhere",
        "/api/v1",
        "/api/v1/",
        "/api/v1/me/",
        "/api/v2/me",
        "/dev",
        "/api/v1/auth",
        "/%00",
        "/../x",
    ):
        for method in ("GET", "POST", "DELETE"):
            assert code_of(await client.request(method, path)) == (404, "not_found"), path


async def test_wrong_methods(client: httpx.AsyncClient) -> None:
    client.event_hooks["response"].clear()
    for method, path, allow in (
        ("POST", ME, "GET, HEAD, PATCH"),
        ("GET", JOIN, "POST"),
        ("DELETE", f"{API}/rooms/00aaaaaaaaaaaaaa", "GET, HEAD"),
        ("OPTIONS", f"{API}/tiers", "GET, HEAD"),
        ("NONSENSE", ME, "GET, HEAD, PATCH"),
        ("POST", "/healthz", "GET, HEAD"),
    ):
        answer = await client.request(method, path)
        assert code_of(answer) == (405, "method_not_allowed"), (method, path)
        assert sorted(answer.headers["allow"].split(", ")) == allow.split(", ")


async def test_no_token(client: httpx.AsyncClient) -> None:
    for method, path in WITH_TOKEN:
        for value in (
            None,
            b"",
            b"Bearer",
            b"Bearer ",
            b"Basic eDp4",
            b"Bearer a.b.c",
            b"Bearer \xff\xfe",
            b"x" * 9000,
        ):
            headers = [] if value is None else [(b"authorization", value)]
            answer = await client.request(method, path, headers=headers)
            assert code_of(answer) == (401, "unauthorized"), (path, value)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_expired_token(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    player = await log_in()
    app.state.services.tokens._clock = lambda: 4e9
    for method, path in WITH_TOKEN:
        assert code_of(await client.request(method, path, headers=player.headers)) == (401, "token_expired")


async def test_too_many_requests(client: httpx.AsyncClient, log_in: LogIn, app: Starlette) -> None:
    player, other = await log_in(7), await log_in(8)
    app.state.services.rates.user = Rate(per_s=20, burst=60, clock=lambda: 0.0)
    answers = [await client.get(f"{API}/tiers", headers=player.headers) for _ in range(100)]
    assert [answer.status_code for answer in answers[:60]] == [200] * 60
    assert code_of(answers[-1]) == (429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await client.get(f"{API}/tiers", headers=other.headers)).status_code == 200


async def test_a_thousand_players_of_one_address(client: httpx.AsyncClient, app: Starlette, racers: list[int]) -> None:
    for user_id in racers:
        token, _ = app.state.services.tokens.issue(str(user_id), None, "user")
        answer = await client.get(f"{API}/tiers", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["stake", "fee", "key", "language", "init_data", "user_id", "telegram_id", "x"])
BODIES = st.dictionaries(FIELDS, JSON | st.sampled_from([20, 50, "ru"]), max_size=4).map(
    lambda body: json.dumps(body).encode("utf-8", "surrogatepass")
) | st.binary(max_size=60)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_nothing_makes_a_500(client: httpx.AsyncClient, unlimited: Player, data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    method = data.draw(st.just(endpoint.method) | st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]))
    room_id = data.draw(st.just("00aaaaaaaaaaaaaa") | st.text(min_size=1, max_size=20))
    in_path = quote(room_id, safe="", errors="replace").replace(".", "%2E")
    path = endpoint.path.format(**dict.fromkeys(IN_PATH, in_path))
    query = data.draw(st.just("") | st.text(st.characters(min_codepoint=36, max_codepoint=126), max_size=30))
    url = f"{path}?{query}" if query else path
    headers: dict[bytes, bytes] = {}
    headers[b"content-type"] = data.draw(st.just("application/json") | HEADER).encode("latin-1")
    headers[b"idempotency-key"] = data.draw(HEADER).encode("latin-1")
    headers[b"accept-language"] = data.draw(HEADER).encode("latin-1")
    headers[b"authorization"] = data.draw(st.just(f"Bearer {unlimited.token}") | HEADER).encode("latin-1")
    content = data.draw(BODIES) if method != "GET" else b""
    client.event_hooks["response"].clear()
    answer = await client.request(method, url, headers=headers, content=content)
    assert answer.status_code < 500
    if method != "HEAD":
        assert answer.status_code == 200 or answer.json()["code"]
