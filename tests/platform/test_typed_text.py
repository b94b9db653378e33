"""What people type and paste: codes that only one can be meant by, and names of which something is to be seen."""

import random

import pytest

from persistence.base32 import ALPHABET, new_code, normalise_code
from persistence.postgres.users import fit_text
from persistence.ton.deposits import MEMO_LENGTH, memo_of

MEMO = "0123456789ABCDEF"

AROUND = [
    "\u00a0{}",
    "{}\u00a0",
    "\u200b{}\u200b",
    "\ufeff{}",
    "\u2060{}",
    "{}\u200d",
    "\u00ad{}",
    "{}\ufe0f",
    "\u3164{}",
    "\u2800{}",
    '"{}"',
    "'{}'",
    "\u00ab{}\u00bb",
    "\u201c{}\u201d",
    "\u201e{}\u201c",
    "`{}`",
    "({})",
    "[{}]",
    "<{}>",
    "\u300c{}\u300d",
    "{}.",
    "{}\u3002",
    "{},",
    "{};",
    "{}!",
    "{}\u2026",
    ": {}",
    "#{}",
    "\u2022 {}",
    "*{}*",
    "_{}_",
    "={}",
    " \u201c{}.\u201d\n",
    "\u2066{}\u2069",
    "\u202a{}\u202c",
    "\r\n{}\r\n",
    "\u2003{}\u3000",
    "\u2028{}",
    "- {} -",
    "\u2014 {}",
]
BETWEEN = [
    " ",
    "\u00a0",
    "\u202f",
    "\u2009",
    "\u200b",
    "-",
    "\u2010",
    "\u2011",
    "\u2013",
    "\u2212",
    "\u00ad",
    "\n",
    "\t",
]


@pytest.mark.parametrize("typed", AROUND)
def test_what_stands_around_a_memo_is_none_of_it(typed: str) -> None:
    assert memo_of(typed.format(MEMO)) == MEMO
    assert memo_of(typed.format(MEMO.lower())) == MEMO


def test_what_divides_a_memo_is_none_of_it() -> None:
    for sign in BETWEEN:
        if sign != "\u2212":  # a minus is calculated with
            assert memo_of(sign.join(MEMO[at : at + 4] for at in range(0, 16, 4))) == MEMO, ascii(sign)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in MEMO)
    assert memo_of(wide) == memo_of(f"\u3000{wide}\uff0e") == MEMO
    assert memo_of("OIL3456789abcdef") == "0113456789ABCDEF"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "\u200b",
        '""',
        "...",
        MEMO[1:],
        MEMO + "0",
        MEMO + MEMO,
        f"{MEMO} {MEMO}",
        f"{MEMO}, please",
        f"memo {MEMO}",
        f"{MEMO[:8]}.{MEMO[8:]}",
        f"{MEMO[:8]}/{MEMO[8:]}",
        f"{MEMO[:15]}\u0131",
        f"{MEMO[:15]}\u0430",
        f"{MEMO[:15]}\u00b2",
        f"{MEMO[:15]}e\u0301",
        f"\x00{MEMO}",
        f"{MEMO}\ud800",
        f"+{MEMO}0",
        f"{MEMO}$",
        f"{MEMO[:15]}\u0661",
        f"{MEMO[:15]}U",
    ],
)
def test_where_another_could_be_meant_it_is_none(typed: str) -> None:
    assert memo_of(typed) is None


def test_no_decoration_makes_one_code_of_two() -> None:
    dice = random.Random(7)
    for _ in range(300):
        code = new_code(MEMO_LENGTH)
        typed = dice.choice(AROUND).format(code)
        assert normalise_code(typed, MEMO_LENGTH) == code
        other = typed.replace(code[3], ALPHABET[(ALPHABET.index(code[3]) + 1) % 32])
        assert normalise_code(other, MEMO_LENGTH) not in (code,)


NAMELESS = [
    "\u3164",
    "\u200b",
    "\u2800",
    "\uffa0",
    "\u115f\u1160",
    "\U000e0041\U000e0042",
    "\u0301",
    "\u0301\u20dd",
    "\ufe0f",
    "\u00a0\u2003",
    "\u00ad",
    "\u2060\ufeff",
    "\u034f",
    "\u180e",
    "\u061c",
    "\U000e0100",
    "\ue000",
    "\u2028",
    "\u3000\u3164 \u200b",
    "\u17b4",
    "\ufff9",
]
NAMED = [
    "Anna",
    " Anna",
    "\u200bBo",
    "\u3164Константин",
    "李",
    "ㅤ.",
    "\u2801",
    "👨\u200d👩\u200d👧",
    "🇺🇦",
    "ก็",
    "e\u0301",
    "\u0e33",
    "!",
    "\U0001fae8",
]


@pytest.mark.parametrize("name", NAMELESS)
def test_a_name_of_which_nothing_is_seen_is_none(name: str) -> None:
    for field in ("first_name", "last_name"):
        assert fit_text(field, name) is None
        assert fit_text(field, name * 3) is None


@pytest.mark.parametrize("name", NAMED)
def test_a_name_of_which_something_is_seen_stays_as_it_is(name: str) -> None:
    assert fit_text("first_name", name) == name
