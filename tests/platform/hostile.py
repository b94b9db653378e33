"""`make hostile`: `play` on machines that people really have, one after another, each with a habit of its own.

In every one it becomes ready and stops when it is asked to, or says in one line why not; and nothing is left behind: no
process, no shared memory, no lock.  What needs root's rights (other mounts, other networks) is named and left out
without them.

    python -m tests.platform.hostile [WORD ...]      # those whose name has one of the words
"""

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.embedded.child import free_port
from cli.play.launcher import answers
from cli.simulate.api import Api
from cli.simulate.identity import SIMULATED_IDS, identity
from tests.fixtures.waiting import eventually, wait_for

PROJECT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 180.0
READY: Final = "Chance Tap is ready after"
BOT: Final = {"BOT_TOKEN": "7000000001:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"}
DEAD: Final = "http://127.0.0.1:9"
_PROGRESS: Final = re.compile(r"  .*|Stopping (…|\\u2026)|Chance Tap is ready after .*")

ROOT: Final = os.geteuid() == 0
"""Mounts and networks of one's own are for root; a root of a user namespace cannot become the user of Postgres."""


@dataclass(frozen=True)
class Machine:
    """One habit.  `shell` runs before, in the same process; `line` is what is said when it cannot start, and `ready`
    that it must start; with neither, either will do."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    shell: str = ""
    flags: tuple[str, ...] = ()
    folder: str | bytes = "data"
    line: str = ""
    ready: bool = True
    namespaces: str = ""
    output: str = ""
    says: str = ""
    also: "Callable[[Run], None] | None" = None


@dataclass
class Run:
    """One `play`, as it was started."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    output: Path

    def said(self) -> str:
        return self.output.read_bytes().decode("utf-8", "replace")

    def answers(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}")

    def is_ready(self) -> bool:
        return READY in self.said() or self.answers()


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that belong to a folder, by environment, arguments or working folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            about = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            if os.fsencode(folder) in about or folder in (entry / "cwd").resolve().parents:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


# What is looked at while one runs


def _has_company(run: Run) -> None:
    """Opponents come to a person who waits."""
    asyncio.run(_wait_for_company(f"http://127.0.0.1:{run.port}"))


async def _wait_for_company(url: str) -> None:
    api = Api(url, DEVELOPMENT_BOT_TOKEN)
    try:
        person = await api.log_in(identity(SIMULATED_IDS))
        await api.join(person, 50)

        async def has_company() -> bool:
            return any(tier["waiting"] > 1 for tier in await api.tiers(person))

        await eventually("an opponent comes", has_company)
    finally:
        await api.close()


def _goes_on(run: Run) -> None:
    """The bot waits for Telegram, and the others do not mind."""
    log = run.data / "logs" / "bot.log"
    wait_for("the bot is refused", lambda: "polling interrupted" in log.read_text("utf-8"), within_s=PATIENCE_S)
    time.sleep(1)  # in which it would have ended, and the others with it
    assert (run.data / "run" / "bot").exists(), "the bot ended"
    assert run.answers(), "the gateway is not ready"


STRANGE: Final = "пространство имён 空 'it\"s' 100% $HOME; #ß"
_PLAIN_LOCALE: Final = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
_DATABASE: Final = {
    "PGHOST": "db.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATABASE": "none",
    "PGPASSWORD": "wrong",
    "PGSERVICE": "none",
    "PGSERVICEFILE": "/none",
    "PGPASSFILE": "/none",
    "PGOPTIONS": "-c default_transaction_read_only=on -c search_path=none",
    "PGSSLMODE": "verify-full",
    "PGSSLROOTCERT": "/none",
    "PGGSSENCMODE": "require",
    "PGREQUIREAUTH": "none",
    "PGCHANNELBINDING": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGCONNECT_TIMEOUT": "soon",
    "PGCLIENTENCODING": "KOI8R",
    "PGDATESTYLE": "German",
    "PGTZ": "Mars/Olympus",
    "PGAPPNAME": "theirs",
}

_ORCHESTRATOR: Final = {
    "BOT_SERVICE_HOST": "10.3.240.10",
    "BOT_PORT": "tcp://10.3.240.10:80",
    "GAME_SERVICE_PORT": "80",
    "METRICS_PORT": "tcp://10.3.240.11:9090",
    "HERO_PORT_80_TCP_ADDR": "10.3.240.12",
}
EVERYTHING: Final = (
    {"HTTP_PROXY": DEAD, "ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "fd00::/8"}
    | {"SSL_CERT_FILE": "/none", "SSLKEYLOGFILE": "/none/k", "PROMETHEUS_MULTIPROC_DIR": "/none"}
    | {"WEB_CONCURRENCY": "auto", "PYTHONWARNINGS": "always", "PYTHONIOENCODING": "ascii:strict", "HOME": "/none"}
    | _PLAIN_LOCALE
    | _DATABASE
    | _ORCHESTRATOR
)
"""All that the environment may hold without being in the way of a game on one machine."""

MACHINES: Final = (
    Machine("nothing special"),
    Machine("everything at once", EVERYTHING, shell="umask 077", folder=STRANGE, also=_has_company),
    Machine("proxy: socks for all", {"ALL_PROXY": "socks5://127.0.0.1:1080"}, also=_has_company),
    Machine(
        "proxy: dead, for everything",
        {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "all_proxy": DEAD, "NO_PROXY": "fd00::/8"},
        also=_has_company,
    ),
    Machine(
        "proxy: on the machine's own network address",
        {"HTTP_PROXY": DEAD, "HOST": "127.0.0.1", "NO_PROXY": "x"},
        also=_has_company,
    ),
    Machine("proxy: socks, and a bot", BOT | {"ALL_PROXY": "socks5h://127.0.0.1:1"}, line="ALL_PROXY is "),
    Machine("proxy: nonsense, and a bot", BOT | {"https_proxy": "http://[x"}, line="https_proxy is "),
    Machine("proxy: dead, and a bot", BOT | {"HTTPS_PROXY": DEAD}, says="HTTPS_PROXY", also=_goes_on),
    Machine(
        "telegram: away", BOT | {"TELEGRAM_API_URL": DEAD}, says="127.0.0.1 does not answer", also=_goes_on
    ),
    Machine("certificates: missing", {"SSL_CERT_FILE": "/none", "SSL_CERT_DIR": "/none", "SSLKEYLOGFILE": "/none/k"}),
    Machine("certificates: missing, and a bot", BOT | {"SSL_CERT_FILE": "/none"}, line="SSL_CERT_FILE is "),
    Machine("database: variables of libpq", _DATABASE),
    Machine("orchestrator: services called like ours", _ORCHESTRATOR),
    Machine("metrics: of several processes", {"PROMETHEUS_MULTIPROC_DIR": "/none", "WEB_CONCURRENCY": "auto"}),
    Machine("python: variables", {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "always", "PYTHONHASHSEED": "0"}),
    Machine("python: -O", flags=("-O",)),
    Machine("python: -OO and bytes", flags=("-OO", "-bb")),
    Machine("umask: 077", shell="umask 077"),
    Machine("umask: 0777", shell="umask 0777"),
    Machine("locale: POSIX", {"LC_ALL": "POSIX"}, folder=STRANGE),
    Machine("locale: C without UTF-8", _PLAIN_LOCALE, folder=STRANGE),
    Machine("locale: none such", {"LC_ALL": "xx_XX.KOI8-R", "LANG": "nonsense"}, folder=STRANGE),
    Machine("output: letters of ASCII only", _PLAIN_LOCALE | {"PYTHONIOENCODING": "ascii:strict"}, folder=STRANGE),
    Machine("output: closed", output="closed"),
    Machine("output: a full disk", output="/dev/full"),
    Machine("path: spaces, letters and signs", folder=STRANGE),
    Machine("path: no text at all", folder=b"\xff\xe9 data"),
    Machine("path: two lines", folder="two\nlines"),
    Machine("path: long", folder="x" * 250),
    Machine("folder: gone", shell='mkdir gone && cd gone && rmdir "$PWD"', line="The folder that it was started in"),
    Machine("home: none", {"HOME": "/none", "TMPDIR": "/none", "USER": "", "LOGNAME": ""}),
    Machine("time: of no place", {"TZ": "Mars/Olympus"}),
    Machine("signals: blocked", shell="trap '' HUP", flags=("-X", "utf8"), output="blocked"),
    Machine("files: a soft limit of 64", shell="ulimit -Sn 64"),
    Machine("files: a limit of 256", shell="ulimit -n 256"),
    Machine("files: a limit of 64", shell="ulimit -n 64", ready=False),
    Machine("files: a limit of 24", shell="ulimit -n 24", ready=False),
    Machine("files: none over 2 MB", shell="ulimit -f 2000", ready=False),
    Machine("memory: 600 MB a process", shell="ulimit -v 600000", ready=False),
    Machine("shm: 256 kB", shell="mount -t tmpfs -o size=256k none /dev/shm", namespaces="-m"),
    Machine("shm: read-only", shell="mount -t tmpfs -o ro none /dev/shm", namespaces="-m"),
    Machine("disk: full", shell="mkdir small && mount -t tmpfs -o size=60m none small && cd small", namespaces="-m",
            line="is full"),
    Machine("disk: full a little later", shell="mkdir small && mount -t tmpfs -o size=152m none small && cd small",
            namespaces="-m", ready=False),
    Machine("disk: no more files", shell="mkdir small && mount -t tmpfs -o nr_inodes=40 none small && cd small",
            namespaces="-m", ready=False),
    Machine("home: read-only", shell="mkdir home && mount -t tmpfs -o ro none home && cd home && HOME=$PWD",
            namespaces="-m", line="cannot be used: Read-only file system"),
    Machine("home: read-only, the data elsewhere",
            shell='DATA_DIR="$PWD/data"; mkdir home && mount -t tmpfs -o ro none home && cd home && HOME=$PWD',
            namespaces="-m"),
    Machine("network: none", namespaces="-n", line="127.0.0.1 does not answer"),
    Machine("network: this machine's only", shell="ip link set lo up", namespaces="-n"),
    Machine("network: none, and a bot", BOT, shell="ip link set lo up", namespaces="-n",
            says="api.telegram.org does not answer"),
    Machine("root: may not become anybody", shell="exec setpriv --bounding-set=-setuid,-setgid", namespaces="-m",
            line="this root cannot become nobody"),
)  # fmt: skip


@contextlib.contextmanager
def started(machine: Machine, base: Path) -> Iterator[Run]:
    """Its `play`; what it runs in is gone at the end."""
    place = Path(tempfile.mkdtemp(prefix="hostile-", dir=base))
    place.chmod(0o755)
    folder = place / os.fsdecode(machine.folder)
    port = free_port()
    environment = {"PYTHONPATH": str(PROJECT), "DATA_DIR": os.fsdecode(machine.folder), "PORT": str(port)}
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    argv = [sys.executable, "-P", *machine.flags, "-m", "cli", "play"]
    shell = (
        f"{machine.shell} && " if machine.shell and not machine.shell.startswith("exec") else machine.shell or "exec"
    )
    words = f'{shell}exec "$@"' if shell.endswith("&& ") else f'{shell} "$@"'
    if machine.output == "closed":
        words += " >&- 2>&-"
    elif machine.output.startswith("/"):
        words += f" >{machine.output}"
    command = ["/bin/sh", "-c", words, "sh", *argv]
    if machine.namespaces:
        command = ["unshare", machine.namespaces, *command]
    output = place / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=own | environment | machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            preexec_fn=_block if machine.output == "blocked" else None,
        )
    try:
        yield Run(process, port, folder, output)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for path in (place, *place.rglob("*")):  # of an umask that lets nobody in
            if path.is_dir() and not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IRWXU)
        link = folder / "postgres"
        if link.is_symlink():
            shutil.rmtree(link.resolve(), ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)


def _block() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD])


def faults(machine: Machine, base: Path) -> list[str]:
    """What is not as it has to be; empty: all is well."""
    with started(machine, base) as run:
        until = time.monotonic() + PATIENCE_S
        while not run.is_ready() and run.process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        found = list(_of_a_start(machine, run))
        found += [f"left behind: {each}" for each in _left(run)]
        return [*found, *(f"    {line}" for line in run.said().splitlines())] if found else []


def _of_a_start(machine: Machine, run: Run) -> Iterator[str]:
    if run.process.poll() is not None:
        yield from _of_a_refusal(machine, run)
        return
    if not run.is_ready():
        yield f"not ready in {PATIENCE_S:.0f} s"
        return
    if machine.line:
        yield f"ready, where it had to say {machine.line!r}"
    if mapped := _shared_memory(run.data):
        yield f"in /dev/shm: {mapped}"
    if machine.also is not None:
        try:
            machine.also(run)
        except (AssertionError, TimeoutError) as error:
            yield f"{machine.also.__name__}: {error!r}"
    run.process.send_signal(signal.SIGINT)
    try:
        code = run.process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        yield "does not stop"
        return
    if code != 0:
        yield f"exit code {code}"
    said = run.said()
    if machine.says not in said:
        yield f"never says {machine.says!r}"
    yield from (f"says {line!r}" for line in said.splitlines() if not _PROGRESS.fullmatch(line))


def _of_a_refusal(machine: Machine, run: Run) -> Iterator[str]:
    *before, last = run.said().splitlines() or [""]
    if machine.ready and not machine.line:
        yield "it does not start"
    elif run.process.returncode != 2:
        yield f"exit code {run.process.returncode}"
    elif not last.startswith("chance-tap play: ") or machine.line not in last:
        yield f"the last line does not say {machine.line!r}"
    yield from (f"says {line!r}" for line in before if not _PROGRESS.fullmatch(line))


def _shared_memory(data: Path) -> list[str]:
    """What the parts have in /dev/shm: a kill would leave it there."""
    found = set()
    for file in (data / "run").iterdir() if (data / "run").is_dir() else ():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            pid = int(re.search(r'"pid": (\d+)', file.read_text()).group(1))  # type: ignore[union-attr]
            found |= set(re.findall(r"/dev/shm/\S+", Path(f"/proc/{pid}/maps").read_text()))
    return sorted(found)


def _left(run: Run) -> Iterator[str]:
    until = time.monotonic() + 10
    while (processes := processes_of(run.output.parent)) and time.monotonic() < until:
        time.sleep(0.1)
    yield from processes
    if (run.data / "addresses.json").exists():
        yield "addresses.json"
    if (run.data / "run").is_dir():
        yield from (f"run/{file.name}" for file in (run.data / "run").iterdir())
    if (run.data / "lock").exists():
        with (run.data / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield "the lock"


def main(words: Sequence[str]) -> int:
    """The exit code: 0 when every machine is a good one to play on."""
    base = Path(tempfile.mkdtemp(prefix="chance-tap-hostile-"))
    base.chmod(0o755)
    bad = 0
    try:
        for machine in MACHINES:
            if words and not any(word in machine.name for word in words):
                continue
            if machine.namespaces and not (ROOT and shutil.which("unshare")):
                print(f"not tried  {machine.name}: needs root, and unshare", flush=True)
                continue
            began = time.monotonic()
            found = faults(machine, base)
            bad += bool(found)
            print(f"{'BAD' if found else 'ok':9}  {machine.name} ({time.monotonic() - began:.1f} s)", flush=True)
            for line in found:
                print(f"           {line}", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
