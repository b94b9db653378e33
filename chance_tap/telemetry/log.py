"""Logging: one JSON object a line on stdout, from structlog and from the standard library alike.

Must never print a secret: values under names that hold one, and passwords inside addresses, are struck out here.
"""

import json
import logging
import re
import sys
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_NAMES = re.compile(r"token|secret|password|authorization|init_data|cookie", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^@\s]+@")
# Where one stands in the middle of a text, as of an error: a bot's token, a JWT, init data.
_SHAPES = re.compile(
    r"[0-9]{5,}:[A-Za-z0-9_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|\b(?:query_id|user|auth_date|hash|signature)=[^\s&\"']+&[^\s\"']*"
)
_STRUCK = "***"


def configure(level: str = "info", *, part: str = "", stream: TextIO | None = None) -> None:
    """Set up both kinds of loggers for the whole process; `part` names it in every line.  `stream`: for commands whose
    own output is on stdout."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                strike_secrets,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    logging.captureWarnings(True)
    for chatty in ("httpx", "aiogram.event"):  # a line a request, or an update, otherwise
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # One that is kept would go on writing as it did at its first line, whatever is set up, or captured, after.
        cache_logger_on_first_use=False,
    )
    if part:
        structlog.contextvars.bind_contextvars(part=part)


def strike_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be in a log."""
    return {key: _STRUCK if _SECRET_NAMES.search(key) else _clean(value) for key, value in event.items()}


def strike_shapes(text: str) -> str:
    """Replace what looks like a token, a session, init data, or a password in an address."""
    return _PASSWORD_IN_URL.sub(rf"\1:{_STRUCK}@", _SHAPES.sub(_STRUCK, text))


def _clean(value: Any) -> Any:
    return strike_shapes(value) if isinstance(value, str) else value


def _json(event: Any, **_options: Any) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half of a pair of surrogates, as names of files have; a number of more than 64 bits
        return json.dumps(event, default=repr)
