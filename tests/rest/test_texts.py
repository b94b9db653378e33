"""Messages exist in both languages, and the right language is found."""

import pytest

from gateway.errors import STATUS
from gateway.texts import error_text, from_accept_language, supported
from persistence.errors import ErrorCode


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_texts_and_a_status(code: ErrorCode) -> None:
    assert error_text(code, "en") != error_text(code, "ru")
    assert STATUS[code] >= 400


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("de, ru;q=0.5", "ru"),
        ("de", "en"),
        ("en;q=0.1, ru;q=0.2", "ru"),
        ("ru;q=0", "en"),
        ("ru;q=nan", "en"),
        ("ru;q=;;", "en"),
        ("*", "en"),
        (";" * 10_000, "en"),
        ("RU_ru", "ru"),
    ],
)
def test_accept_language(header: str | None, language: str) -> None:
    assert from_accept_language(header) == language


def test_language_tags() -> None:
    assert [supported(tag) for tag in ("ru", "ru-RU", "EN_gb", "de", "", None)] == ["ru", "ru", "en", None, None, None]
