"""Init data over HTTP: the published vector logs in, and nothing that differs from it does; no account comes of it."""

import random
import time
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.auth.init_data import InitDataCheck
from gateway.rate_limits import Rate
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, code_of
from tests.rest.test_init_data import VECTOR, VECTOR_TIME, VECTOR_TOKEN

LOGIN = f"{API}/auth/telegram"
AGES_S = 100 * 365 * 86_400
INVALID = (401, "init_data_invalid")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The vector's bot, to which nothing is too old."""
    return replace(settings, bot_token=VECTOR_TOKEN, init_data_max_age_s=AGES_S)


@pytest.fixture(autouse=True)
def unhurried(app: Starlette) -> None:
    rates = app.state.services.rates
    rates.login = rates.failed_login = Rate(per_s=1e6, burst=1_000_000)


async def answer_to(client: httpx.AsyncClient, init_data: str) -> tuple[int, str]:
    answer = await client.post(LOGIN, json={"init_data": init_data})
    return (200, "") if answer.status_code == 200 else code_of(answer)


def changes(seed: int) -> list[str]:
    """The vector with each of its bytes changed by a bit, replaced, left out and doubled."""
    chance = random.Random(seed)
    changed = []
    for at, byte in enumerate(VECTOR):
        other = chance.choice([one for one in "0aZ%&=+\x00\x7fé" if one != byte])
        instead = (chr(ord(byte) ^ 1), other, "", byte * 2)
        changed += [VECTOR[:at] + each + VECTOR[at + 1 :] for each in instead]
    return changed


async def test_the_published_vector_logs_in_and_each_byte_counts(client: httpx.AsyncClient, execute: Execute) -> None:
    passed = [changed for changed in changes(4) if await answer_to(client, changed) != INVALID]
    assert passed == []
    assert execute("SELECT FROM public.users") == []
    assert await answer_to(client, VECTOR) == (200, "")
    assert execute("SELECT telegram_id FROM auth.users") == [(279058397,)]


SIGN = InitDataCheck(VECTOR_TOKEN, AGES_S).sign
GENUINE = {"user": '{"id":7,"first_name":"A"}', "auth_date": str(VECTOR_TIME)}
HASH = VECTOR[-64:]


MALFORMED = [
    *("", " ", "&", "=", "hash=", "hash=" + "0" * 64, "null", "{}", "\x00", "é", "\U0001f600"),
    VECTOR.replace(HASH, "é" * 64),
    VECTOR.replace(HASH, "%C3%A9" * 32),
    VECTOR.replace(HASH, HASH.upper()),
    VECTOR.replace(HASH, HASH[:-1]),
    VECTOR.replace(HASH, ""),
    VECTOR.replace("&hash=" + HASH, ""),
    VECTOR + "&signature=not*base64",
    VECTOR + "&signature=" + "A" * 5,
    VECTOR + "&signature=",
    VECTOR + "&hash=" + HASH,
    VECTOR + "&query_id=AAHdF6IQAAAAAN0XohDhrOrc",
    VECTOR + "&auth_date=" + str(VECTOR_TIME),
    VECTOR + "&start_param=0123456789",
    VECTOR + "&",
    VECTOR + "&=",
    "&".join(part.partition("=")[0] + "=" for part in VECTOR.split("&")),
    SIGN(GENUINE | {"auth_date": "99999999999"}),
    SIGN(GENUINE | {"auth_date": ""}),
    SIGN(GENUINE | {"user": ""}),
    SIGN({"auth_date": str(VECTOR_TIME)}),
    SIGN(GENUINE | {f"field{number}": "" for number in range(100)}),
    SIGN(GENUINE | {"long": "x" * 20_000}),
    "%" * 60_000,
    "=" * 60_000,
    "a=&" * 20_000,
]


async def test_what_is_malformed_is_refused_alike(client: httpx.AsyncClient, execute: Execute) -> None:
    for init_data in MALFORMED:
        assert await answer_to(client, init_data) == INVALID, init_data[:100]
    assert execute("SELECT FROM public.users") == []


async def test_what_no_init_data_could_be(client: httpx.AsyncClient) -> None:
    assert await answer_to(client, VECTOR + "&long=" + "x" * 100_000) == (413, "too_large")
    for body in ({"init_data": 7}, {"init_data": None}, {"init_data": [VECTOR]}, {}, {"initData": VECTOR}):
        assert code_of(await client.post(LOGIN, json=body)) == (400, "invalid_request")
    lone = b'{"init_data": "\\ud800"}'
    answer = await client.post(LOGIN, content=lone, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 401)


async def test_a_signature_that_is_no_base64_is_for_third_parties(client: httpx.AsyncClient) -> None:
    assert await answer_to(client, SIGN(GENUINE | {"signature": "not*base64"})) == (200, "")


async def test_init_data_of_tomorrow_is_refused_though_it_is_genuine(client: httpx.AsyncClient) -> None:
    assert await answer_to(client, SIGN(GENUINE | {"auth_date": str(int(time.time()) + 86_400)})) == INVALID
    assert await answer_to(client, SIGN(GENUINE | {"auth_date": str(int(time.time()))})) == (200, "")
