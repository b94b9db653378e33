"""Texts from outside as Postgres can keep them."""

from typing import Final, TypeVar

Text = TypeVar("Text", str, str | None)

NO_TEXT: Final = "\ufffd"
"""Stands for NUL."""


def storable(text: Text) -> Text:
    """Without what neither `text` nor `jsonb` takes, NUL and halves of pairs of surrogates, so that nothing is lost for
    a letter: others stand in their places."""
    return text if text is None else text.replace("\0", NO_TEXT).encode(errors="replace").decode()
