"""Sentry, where a DSN is set: what is logged at level error is reported, without secrets and without people.

Must never send what a request held: no local variables, no breadcrumbs, no bodies, no addresses.  What is left, texts
of errors, is searched for secrets too.
"""

import logging
import re
import sys
from typing import Any, Final

import sentry_sdk
from sentry_sdk.types import Event, Hint

from chance_tap.settings import Settings, secrets_of
from chance_tap.telemetry.log import strike_secrets, strike_shapes

_STRUCK: Final = "***"
_LONGEST: Final = 2_000


def configure(settings: Settings, *, part: str) -> None:
    """Report this process's errors, if there is a DSN."""
    if not settings.sentry_dsn:
        return
    scrub = Scrub(secrets_of(settings))
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        environment=settings.env,
        before_send=scrub,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name=part,
    )
    sentry_sdk.set_tag("part", part)
    logging.root.addHandler(Reporter(level=logging.ERROR))


class Reporter(logging.Handler):
    """Sends log lines, with the traceback that belongs to one."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields = dict(record.msg) if isinstance(record.msg, dict) else {"event": record.getMessage()}
            error = fields.pop("exc_info", None) or record.exc_info
            if error is True:
                error = sys.exc_info()
            name = str(fields.pop("event", "error"))
            with sentry_sdk.new_scope() as scope:
                for field, value in strike_secrets(None, "", fields).items():
                    scope.set_extra(field, value)
                scope.set_tag("logger", record.name)
                if isinstance(error, BaseException):
                    scope.set_extra("message", name)
                    scope.capture_exception(error)
                elif isinstance(error, tuple) and error[1] is not None:
                    scope.set_extra("message", name)
                    scope.capture_exception(error[1])
                else:
                    scope.capture_message(name, level="error")
        except Exception:
            self.handleError(record)


class Scrub:
    """Strikes out the settings' own secrets, and whatever looks like a token, a session or init data."""

    def __init__(self, secrets: frozenset[str]) -> None:
        known = sorted((re.escape(secret) for secret in secrets if len(secret) >= 8), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def __call__(self, event: Event, _hint: Hint) -> Event:
        clean: Event = self._clean(event)
        return clean

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            if self._known is not None:
                value = self._known.sub(_STRUCK, value)
            return strike_shapes(value)[:_LONGEST]
        if isinstance(value, dict):
            return {key: self._clean(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(each) for each in value]
        return value
