"""What Prometheus may ask about the REST interface.

Labels are bounded: paths are templates, never what was sent, and statuses are classes.  A histogram costs ten series,
so times are kept by area (the first word of a path) and counts by operation: a gateway has room for 500 series, and a
test holds that.
"""

import time
from typing import Final

from prometheus_client import Counter, Histogram

# With edges exactly where alarms are: 0.3 and 0.5.
_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)

_durations = Histogram(
    "chance_tap_http_request_duration_seconds",
    "Time from the request's head to its answer, by area of the interface.",
    ("area",),
    buckets=_SECONDS,
)
_requests = Counter(
    "chance_tap_http_requests_total", "Requests by operation and class of status.", ("method", "path", "status")
)
_CLASSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")
_duration_of: dict[str, Histogram] = {}
_count_of: dict[tuple[str, str, int], Counter] = {}

open_limits = Counter(
    "chance_tap_open_limits_total", "Log-ins and mails that were not limited, since Redis did not answer."
)
password_overloads = Counter(
    "chance_tap_password_overloads_total", "Passwords not looked at, since too many waited for it."
)


def observe_request(method: str, path: str, area: str, status: int, started: float) -> None:
    """Count one request; `started` is of `time.perf_counter`."""
    duration = _duration_of.get(area)
    if duration is None:
        duration = _duration_of[area] = _durations.labels(area)
    duration.observe(time.perf_counter() - started)
    key = (method, path, status // 100)
    count = _count_of.get(key)
    if count is None:
        count = _count_of[key] = _requests.labels(method, path, _CLASSES[status // 100 - 1])
    count.inc()
