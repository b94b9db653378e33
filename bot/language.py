"""Which of our languages somebody reads: the player's choice, else Telegram's, else English."""

from typing import Final, Literal

Language = Literal["ru", "en"]
DEFAULT: Final[Language] = "en"


def language_for(*tags: str | None) -> Language:
    """The first of these IETF tags that is one of ours."""
    for tag in tags:
        primary = (tag or "")[:16].replace("_", "-").split("-", 1)[0].lower()
        if primary == "ru":
            return "ru"
        if primary == "en":
            return "en"
    return DEFAULT
