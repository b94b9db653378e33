"""What Prometheus may ask about the REST interface.  Labels are bounded: paths are templates, never what was sent."""

import time
from typing import Final

from prometheus_client import Counter, Histogram

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)

_requests = Histogram(
    "chance_tap_http_request_seconds",
    "Time from the request's head to its answer.",
    ("method", "path", "status"),
    buckets=_SECONDS,
)
_children: dict[tuple[str, str, int], Histogram] = {}

open_limits = Counter(
    "chance_tap_open_limits_total", "Log-ins and mails that were not limited, since Redis did not answer."
)
password_overloads = Counter(
    "chance_tap_password_overloads_total", "Passwords not looked at, since too many waited for it."
)


def observe_request(method: str, path: str, status: int, started: float) -> None:
    """Count one request; `started` is of `time.perf_counter`."""
    key = (method, path, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _requests.labels(method, path, str(status))
    child.observe(time.perf_counter() - started)
