"""The product as it runs: stores, gateways and workers in processes of their own, every connection on our roads.

Owns the processes: starting, killing, freezing and starting them again.  Knows nothing of games.
"""

import asyncio
import contextlib
import os
import random
import secrets
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

from cli.embedded.child import free_port
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from persistence.postgres.migrate import migrate
from tests.chaos.wires import Balancer, Door, Road
from tests.fixtures.fork_server import Forked, ForkServer
from tests.fixtures.stores import JWT_SECRET
from tests.fixtures.waiting import eventually

DATABASE = "chance_tap"
READY_S = 60.0
SUPERVISOR_S = 1.0
END_S = 20.0
_PROJECT = Path(__file__).parents[2]


class Part:
    """One gateway or worker, with its own roads to both stores."""

    def __init__(self, name: str, command: str, product: "Product") -> None:
        self.name = name
        self.port = free_port()
        self.redis = Road(f"{name}-redis", lambda: ("127.0.0.1", product.valkey.port))
        self.postgres = Road(f"{name}-postgres", lambda: ("127.0.0.1", product.postgres.port))
        self.clients = Road(f"clients-{name}", lambda: ("127.0.0.1", self.port))
        self._doors = [Door(lambda: self.redis), Door(lambda: self.postgres)]
        self._command = command
        self._product = product
        self._process: Forked | None = None
        self.ended_by_itself = 0

    @property
    def log(self) -> Path:
        return self._product.logs / f"{self.name}.log"

    async def open(self) -> None:
        for door in self._doors:
            await door.open()

    async def close(self) -> None:
        for door in self._doors:
            await door.close()

    def start(self) -> None:
        if self.running():
            return
        redis, postgres = self._doors
        login = f"ct_{self._command}"
        password = self._product.passwords[login]
        env = self._product.environment | {
            "PORT": str(self.port),
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "DATABASE_URL": f"postgresql://{login}:{password}@127.0.0.1:{postgres.port}/{DATABASE}",
        }
        self._process = self._product.fork(self._command, env, self.log)

    def running(self) -> bool:
        return self._process is not None and self._process.running()

    def pids(self) -> list[int]:
        return [self._process.pid] if self._process is not None and self._process.running() else []

    def kill(self) -> None:
        """It stays dead until it is started."""
        if self._process is not None:
            self._process.send(signal.SIGKILL)
            self._process.wait(END_S)
            self._process = None

    def keep(self) -> None:
        """As a supervisor: start it again when it has ended by itself."""
        if self._process is not None and not self._process.running():
            self.ended_by_itself += 1
            self.start()


class Product:
    """Everything that runs.  `folder` gets the stores and the logs; Postgres's user must be able to enter it."""

    def __init__(
        self,
        folder: Path,
        rng: random.Random,
        environment: dict[str, str],
        gateways: int,
        workers: int,
        forks: ForkServer,
    ):
        self.folder = folder
        self.logs = folder / "logs"
        self.postgres = EmbeddedPostgres(folder / "postgres", log=self.logs / "postgres.log")
        self.valkey = self._new_valkey()
        self.passwords = {f"ct_{part}": secrets.token_urlsafe(18) for part in ("gateway", "worker")}
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_PROJECT),
            "DATA_DIR": str(folder / "data"),
            "JWT_SECRET": JWT_SECRET,
            "LOG_LEVEL": "info",
        } | environment
        self.gateways = [Part(f"gateway-{number}", "gateway", self) for number in range(gateways)]
        self.workers = [Part(f"worker-{number}", "worker", self) for number in range(workers)]
        self.balancer = Balancer([gateway.clients for gateway in self.gateways], rng)
        self._forks = forks
        self._frozen: dict[str, list[int]] = {}
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.balancer.door.port}"

    @property
    def database_url(self) -> str:
        """The harness's own way to Postgres, past every fault."""
        return self.postgres.admin_url(DATABASE)

    @property
    def parts(self) -> list[Part]:
        return [*self.gateways, *self.workers]

    async def start(self) -> None:
        """Raises EmbeddedError when a store does not start, TimeoutError when the gateways do not become ready."""
        self.logs.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._start_stores)
        for part in self.parts:
            await part.open()
            await asyncio.to_thread(part.start)
        await self.balancer.open()
        self._supervisor = asyncio.create_task(self._supervise(), name="supervisor")
        await self.healthy()

    def fork(self, command: str, environment: dict[str, str], log: Path) -> Forked:
        """One part by its own command line, in a process that need not load the product first: on a machine that does
        much else that takes longer than all faults together."""
        return self._forks.start(
            "tests.fixtures.parts:run", [command], environment, str(log), modules=("aiogram", "bot.updates")
        )

    async def healthy(self) -> None:
        """Wait until every gateway is ready."""
        async with asyncio.timeout(READY_S):
            await self.balancer.all_ready()

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(SUPERVISOR_S)
            for part in self.parts:
                part.keep()

    async def close(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
        for name in list(self._frozen):
            self.thaw(name)
        for part in self.parts:
            part.kill()
        await self.balancer.close()
        for part in self.parts:
            await part.close()
        await asyncio.to_thread(self.kill_postgres)
        self.valkey.kill()

    def _start_stores(self) -> None:
        self.postgres.start()
        self.valkey.start()
        with psycopg.connect(self.postgres.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        migrate(self.database_url)
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for login, password in self.passwords.items():
                connection.execute(
                    sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(login), sql.Literal(password))
                )

    def _new_valkey(self) -> EmbeddedValkey:
        return EmbeddedValkey(self.folder / f"valkey-{secrets.token_hex(3)}", log=self.logs / "valkey.log")

    # What can be done to a process.

    def freeze(self, name: str, pids: Iterable[int]) -> None:
        """Stop processes in the middle of whatever they do, until `thaw`."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._frozen.setdefault(name, []).append(pid)

    def thaw(self, name: str) -> None:
        for pid in self._frozen.pop(name, []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def postgres_pids(self) -> list[int]:
        """The postmaster first, so that it makes no more of the others while they are looked for."""
        return [self.postgres.child.pid, *children(self.postgres.child.pid)]

    def kill_postgres(self) -> None:
        """All of it at once, as a power cut does."""
        for pid in self.postgres_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)  # so that nobody sees another one die and says goodbye
        for pid in self.postgres_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.postgres.kill()

    # Redis that comes back older than it was.

    def append_only_file(self) -> Path:
        return max((self.valkey.dir / "appendonlydir").glob("*.incr.aof"))

    def set_back(self, size: int) -> int:
        """Kill Valkey and forget what its file has above `size` bytes, to the end of a transaction; the bytes lost."""
        self.valkey.kill()
        log = self.append_only_file()
        before = log.stat().st_size
        boundary = last_boundary(log.read_bytes(), size)
        with log.open("rb+") as file:
            file.truncate(boundary)
        return before - boundary

    async def start_replica(self) -> tuple[EmbeddedValkey, Road, Door]:
        """A replica behind a road of its own, in step with the master."""
        replica = self._new_valkey()
        master = ("127.0.0.1", self.valkey.port)
        road = Road("replication", lambda: master)
        door = Door(lambda: road)
        await door.open()
        await asyncio.to_thread(replica.start)
        await _command(replica, "REPLICAOF", "127.0.0.1", str(door.port))

        async def in_step() -> bool:
            return b"master_link_status:up" in await _command(replica, "INFO", "replication")

        await eventually("the replica is in step", in_step, within_s=READY_S)
        return replica, road, door

    async def promote(self, replica: EmbeddedValkey) -> None:
        """The replica is the master from here on; the old one is gone for good."""
        self.valkey.kill()
        await _command(replica, "REPLICAOF", "NO", "ONE")
        old, self.valkey = self.valkey, replica
        for part in self.parts:
            part.redis.reset()
        shutil.rmtree(old.dir, ignore_errors=True)


async def _command(server: EmbeddedValkey, *words: str) -> bytes:
    """One command and what comes back, as far as it is needed here."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write("".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]).encode())
        answer = await reader.readuntil(b"\r\n")
        if answer.startswith(b"$"):
            answer = await reader.readexactly(int(answer[1:]))
        writer.close()
        return answer


def last_boundary(data: bytes, size: int) -> int:
    """The end of the last whole transaction, or command outside of one, within the first `size` bytes of a file."""
    found, at, whole = 0, 0, True
    while at < len(data):
        if data[at : at + 1] == b"#":  # an annotation
            at = data.index(b"\r\n", at) + 2
            continue
        line = data.index(b"\r\n", at)
        count, at, first = int(data[at + 1 : line]), line + 2, b""
        for number in range(count):
            line = data.index(b"\r\n", at)
            length, at = int(data[at + 1 : line]), line + 2
            first = data[at : at + length] if number == 0 else first
            at += length + 2
        whole = first == b"EXEC" or (whole and first != b"MULTI")
        if at > size:
            break
        if whole:
            found = at
    return found


def children(pid: int) -> list[int]:
    """Processes that `pid` has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(folder.name))
    return found


class Sizes:
    """How long the append-only file was at each moment of the last seconds."""

    PERIOD_S = 0.1
    KEPT_S = 5.0

    def __init__(self, product: Product) -> None:
        self._product = product
        self._seen: list[tuple[float, Path, int]] = []
        self._task = asyncio.create_task(self._watch(), name="append-only file")

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(OSError, ValueError):
                log = self._product.append_only_file()
                now = time.monotonic()
                self._seen = [seen for seen in self._seen if seen[0] > now - self.KEPT_S]
                self._seen.append((now, log, log.stat().st_size))
            await asyncio.sleep(self.PERIOD_S)

    def ago(self, seconds: float) -> int:
        """The size of the present file about that long ago."""
        log, then = self._product.append_only_file(), time.monotonic() - seconds
        sizes = [size for at, path, size in self._seen if path == log and at <= then]
        return sizes[-1] if sizes else log.stat().st_size

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
