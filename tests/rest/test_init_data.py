"""Init data: the published vector, and everything that is not quite it."""

import json
import time
from urllib.parse import quote

import pytest

from gateway.auth.init_data import MAX_BYTES, InitDataCheck
from persistence.errors import ErrorCode, GameError

# Published by Telegram's documentation of third-party validation and used by several libraries as their vector.
VECTOR_TOKEN = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"
VECTOR_TIME = 1662771648
VECTOR = (
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name"
    "%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D"
    "&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
)
DAY_S = 86400

check = InitDataCheck("42:development-only-token", DAY_S)
NOW = time.time()


def signed(user: object = None, auth_date: str | None = None, **fields: str) -> str:
    text = user if isinstance(user, str) else json.dumps(user if user is not None else {"id": 7, "first_name": "A"})
    return check.sign({"user": text, "auth_date": str(int(NOW)) if auth_date is None else auth_date, **fields})


def refused(init_data: str, now_s: float = NOW) -> ErrorCode:
    with pytest.raises(GameError) as refusal:
        check(init_data, now_s)
    return refusal.value.code


def test_published_vector() -> None:
    player = InitDataCheck(VECTOR_TOKEN, DAY_S)(VECTOR, VECTOR_TIME + DAY_S)
    assert (player.telegram_id, player.first_name, player.last_name) == (279058397, "Vladislav", "Kibenko")
    assert (player.username, player.language_code, player.photo_url) == ("vdkfrost", "ru", None)


def test_each_byte_of_a_valid_one_changed_is_refused() -> None:
    published = InitDataCheck(VECTOR_TOKEN, DAY_S)
    for position, character in enumerate(VECTOR):
        changed = VECTOR[:position] + chr(ord(character) ^ 1) + VECTOR[position + 1 :]
        with pytest.raises(GameError) as refusal:
            published(changed, VECTOR_TIME)
        assert refusal.value.code is ErrorCode.INIT_DATA_INVALID, changed


def test_another_bots_token_is_refused() -> None:
    with pytest.raises(GameError):
        InitDataCheck("43:" + "x" * 35, DAY_S)(signed(), NOW)


def test_age() -> None:
    init_data = signed()
    issued = int(NOW)
    assert check(init_data, issued + DAY_S).telegram_id == 7
    assert refused(init_data, issued + DAY_S + 1) is ErrorCode.INIT_DATA_EXPIRED
    assert check(init_data, issued - 60).telegram_id == 7
    assert refused(init_data, issued - 61) is ErrorCode.INIT_DATA_INVALID


def test_signature_is_part_of_what_is_signed_and_otherwise_ignored() -> None:
    assert check(signed(signature="whatever"), NOW).telegram_id == 7
    assert refused(signed(signature="whatever") + "&signature=other") is ErrorCode.INIT_DATA_INVALID


def test_blank_values_and_odd_texts_count_as_signed() -> None:
    odd = {
        "id": 7,
        "first_name": "a=b&c+d%20 ✨\x00",
        "last_name": "",
        "username": "n" * 500,
        "photo_url": "javascript:x",
    }
    player = check(signed(odd, start_param=""), NOW)
    assert (player.first_name, player.last_name) == ("a=b&c+d%20 ✨", None)
    assert player.username == "n" * 64
    assert player.photo_url is None


@pytest.mark.parametrize(
    "init_data",
    [
        "",
        "&",
        "=",
        "hash",
        "hash=",
        "hash=" + "0" * 64,
        "user={}&hash=é",
        VECTOR.encode().decode("utf-16", "ignore"),
        "\ud800",
        "a=1&" * 70,
        "a=" + "1" * MAX_BYTES,
        "hash=%ff%fe&user=%ff&auth_date=%00",
        VECTOR.upper(),
        VECTOR + "&hash=" + VECTOR[-64:],
        VECTOR + "&user=%7B%7D",
    ],
)
def test_malformed_is_refused_without_a_stumble(init_data: str) -> None:
    assert refused(init_data) is ErrorCode.INIT_DATA_INVALID


@pytest.mark.parametrize(
    "user",
    [
        "",
        "null",
        "[]",
        "7",
        "{",
        "[" * 100_000,
        "{}",
        '{"id":"7"}',
        '{"id":7.0}',
        '{"id":true}',
        '{"id":0}',
        '{"id":-7}',
        '{"id":4503599627370496}',
        '{"id":1e400}',
        '{"id":NaN}',
        '{"id":' + "9" * 5000 + "}",
        '{"id":7,"first_name":7}',
        '{"id":7,"username":["a"]}',
    ],
)
def test_a_genuine_signature_over_a_senseless_user_is_refused(user: str) -> None:
    init_data = signed(user)
    if len(init_data) <= MAX_BYTES:
        assert refused(init_data) is ErrorCode.INIT_DATA_INVALID


@pytest.mark.parametrize("auth_date", ["", "-1", "1e9", "NaN", "١٢٣", "9" * 30, " 1", "0x10"])
def test_a_senseless_auth_date_is_refused(auth_date: str) -> None:
    assert refused(signed(auth_date=auth_date)) is ErrorCode.INIT_DATA_INVALID


def test_missing_fields_are_refused() -> None:
    assert refused(check.sign({"user": '{"id":7}'})) is ErrorCode.INIT_DATA_INVALID
    assert refused(check.sign({"auth_date": str(int(NOW))})) is ErrorCode.INIT_DATA_INVALID


def test_plus_and_percent_mean_the_same_space() -> None:
    init_data = signed({"id": 7, "first_name": "A B"})
    assert check(init_data.replace("%20", "+"), NOW).first_name == "A B"
    assert quote("A B") in init_data
