"""E-mail addresses: one spelling for each, and which mailbox it is for limits.

Only ASCII in front of the @, so that no two addresses look alike and every mail server takes them; a domain in another
script is kept in its ASCII form.  Nothing is asked of the network.
"""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from gateway.errors import invalid

MAX_CHARACTERS: Final = 254
_DOTS_DO_NOT_COUNT: Final = ("gmail.com", "googlemail.com")


def normalised(address: str) -> str:
    """The address as it is kept: ASCII, lower case.

    Raises:
        GameError: invalid_request.
    """
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, ValueError):
        raise invalid("email", "is not an e-mail address") from None
    ascii_email = checked.ascii_email
    if ascii_email is None or len(ascii_email) > MAX_CHARACTERS:
        raise invalid("email", "is not an e-mail address")
    return ascii_email.lower()


def mailbox(email: str) -> str:
    """What probably is one mailbox, whatever is put behind a plus sign: for limits on mails only."""
    local, _, domain = email.rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTS_DO_NOT_COUNT:
        local = local.replace(".", "")
    return f"{local}@{domain}"
