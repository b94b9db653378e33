"""What is wrong with a record."""

from typing import NamedTuple


class Finding(NamedTuple):
    """`where` is the path of the value or the frame, `what` says in words how it is wrong."""

    where: str
    what: str
