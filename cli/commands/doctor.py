"""`chance-tap doctor`: looks at what the system stands on and says, a line each, what to do.

Looks only; must never change or repair anything.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
import redis
import typer

from chance_tap.resources import CHECKOUT, WEB_APP
from chance_tap.settings import Settings
from cli import machine, outside, surroundings
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json, print_table
from cli.commands.stores import open_database
from cli.embedded.child import EmbeddedError
from cli.embedded.postgres import unprivileged_user
from cli.play.folder import USED_BYTES, PlayError
from cli.play.launcher import answers, check_loopback, check_port, public_address
from persistence import watches
from persistence.errors import StoreUnavailable
from persistence.postgres import set_aside
from persistence.postgres.access import Part
from persistence.postgres.migrate import MINIMUM_SERVER_VERSION, MigrationRefused, applied
from persistence.postgres.pool import Role
from persistence.postgres.watches import listed as list_watches
from workers.queue import clustered, refusal

ROLES = (*Role, *(f"ct_{part}" for part in Part), "ct_analyst")
_CONNECT_TIMEOUT_S = 5
_OPEN_FILES = 1024
_MIGRATE = "run `chance-tap migrate`"
_PLAY = "start `make play`" if CHECKOUT else "start `chance-tap play`"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at; `todo` says what to do and is empty when all is well."""

    name: str
    found: str
    todo: str = ""


app = typer.Typer(add_completion=False)


@app.command()
def doctor(context: typer.Context, as_json: Json = False) -> int:
    """Exit code 0 when nothing is to be done, else 1."""
    settings = settings_of(context)
    looks = (_settings, _environment, _outside, _machine, _postgres, _redis, _queue, _gateway, _web, _disk)
    checks = [check for look in looks for check in look(settings)]
    if as_json:
        print_json([asdict(check) for check in checks], indent=1)
    elif sys.stdout.isatty():
        rows = (("TO DO" if each.todo else "ok", each.name, each.found, each.todo) for each in checks)
        print_table(("", "CHECK", "FOUND", "WHAT TO DO"), rows)
    else:
        for check in checks:
            print(f"{'TO DO' if check.todo else 'ok':6}{check.name}: {check.found}{check.todo and ' - ' + check.todo}")
    return 1 if any(check.todo for check in checks) else 0


def _settings(settings: Settings) -> Iterator[Check]:
    yield Check("settings", f"{settings.env}, stakes {', '.join(map(str, settings.stakes))}")  # loaded, so well-formed


def _environment(_: Settings) -> Iterator[Check]:
    left_out = ", ".join(sorted(surroundings.left_out))
    yield Check("environment", f"meant for others, not heard: {left_out}" if left_out else "nothing that is not heard")
    if heard := ", ".join(surroundings.heard_by_postgres(os.environ)):
        yield Check("environment of postgres", f"heard beside DATABASE_URL: {heard}")


def _outside(settings: Settings) -> Iterator[Check]:
    """Proxies, certificates, and whether who is asked can be reached."""
    asked = outside.asked_by("doctor", settings)
    problems = list(outside.problems(os.environ, asked))
    for problem in problems:
        found, todo = problem.rsplit(". ", 1)
        yield Check("way outside", found, todo.rstrip("."))
    for name in outside.unusable_names(os.environ):
        if not any(problem.startswith(f"{name} ") for problem in problems):
            yield Check("way outside", f"{name} cannot be used, and nobody is asked that way")
    outside.put_in_order(os.environ, [], own_host=settings.host)
    silent = [] if problems else outside.silent(os.environ, asked)
    for line in silent:
        yield Check("way outside", line.rstrip("."), "look at the network, or correct what names it")
    if not problems and not silent:
        names = ", ".join(service.name for service in asked if service.is_http)
        yield Check("way outside", f"open to {names}" if names else "nobody outside has to be asked")


def _machine(settings: Settings) -> Iterator[Check]:
    """What this process inherited from its machine."""
    files = machine.open_files()
    todo = "" if files >= _OPEN_FILES else f"raise `ulimit -n` to {_OPEN_FILES} or more: each player holds a socket"
    yield Check("open files", f"{files} at most", todo)
    encoding = (sys.stdout.encoding or "none").lower()
    yield Check(
        "output", f"written in {encoding}" + ("" if encoding == "utf-8" else ", with escapes for what it lacks")
    )
    folder = _existing(settings.data_dir)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Check("data folder", f"{folder} cannot be written", "set DATA_DIR to a folder that can")
    if not settings.database_url:
        try:
            unprivileged_user()
        except EmbeddedError as error:
            yield Check("embedded postgres", str(error), "start as another user, or set DATABASE_URL")
    try:
        check_loopback()
    except PlayError as error:
        yield Check("loopback", str(error), "bring the loopback interface up")


def _postgres(settings: Settings) -> Iterator[Check]:
    if not settings.database_url:
        yield Check("postgres", "no address", f"set DATABASE_URL, or {_PLAY}")
        return
    try:
        with psycopg.connect(settings.database_url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            version = connection.info.server_version // 10000
            found = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        state = applied(settings.database_url)
    except MigrationRefused as refused:
        yield Check("migrations", str(refused), "put the file right")
        return
    except psycopg.errors.InsufficientPrivilege:
        yield Check("postgres", "this login does not see migrations", "ask with the login that runs `migrate`")
        return
    except (psycopg.Error, StoreUnavailable) as error:
        yield Check("postgres", _first_line(error), "start Postgres or correct DATABASE_URL")
        return
    old = f"use Postgres {MINIMUM_SERVER_VERSION} or newer" if version < MINIMUM_SERVER_VERSION else ""
    yield Check("postgres", f"version {version}", old)
    missing = [role for role in ROLES if role not in found]
    yield Check("roles", f"missing {', '.join(missing)}" if missing else "all there", _MIGRATE if missing else "")
    if state.unknown:
        yield Check("migrations", f"{state.unknown[-1]} is unknown here", "use the version that made the database")
    else:
        yield Check(
            "migrations",
            f"{len(state.applied)} applied, {len(state.pending)} pending, {len(state.functions)} functions pending",
            _MIGRATE if state.pending or state.functions else "",
        )
        if not (missing or state.pending or state.functions):
            yield from asyncio.run(_watches(settings))


async def _watches(settings: Settings) -> list[Check]:
    """Whether the workers still look at everything that they are to look at."""
    ages = watches.expected(settings)
    try:
        async with open_database(settings, "doctor") as db:
            known = {each.name: each for each in await list_watches(db)}
            unread = sum((await set_aside.counts(db)).values())
    except StoreUnavailable as error:
        return [Check("watches", f"{error.store} does not answer", "look at Postgres")]
    checks = []
    for name, watch in known.items():
        if name in ages:
            last = "not yet" if watch.succeeded_at is None else f"{watch.age_s:.0f} s ago"
            found = "" if not watch.findings else f", {watch.findings} findings"
            problem = watches.problem(watch, ages[name])
            todo = f"is a worker running? {problem}" if problem else ""
            checks.append(Check(f"watch {name}", f"{last}{found}", todo))
    todo = "see `chance-tap chain set-aside`" if unread else ""
    return [*checks, Check("set aside", f"{unread} elements of outside lists", todo)]


def _redis(settings: Settings) -> Iterator[Check]:
    if not settings.redis_url:
        yield Check("redis", "no address", f"set REDIS_URL, or {_PLAY}")
        return
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=_CONNECT_TIMEOUT_S) as client:
            info = client.info()
    except redis.RedisError as error:
        yield Check("redis", _first_line(error), "start Redis or correct REDIS_URL")
        return
    version = str(info.get("valkey_version") or info["redis_version"])
    yield Check("redis", f"version {version}")
    policy = str(info.get("maxmemory_policy"))
    yield Check(
        "redis memory",
        policy,
        "" if policy == "noeviction" else "set maxmemory-policy noeviction: a room must not be evicted",
    )
    durable = bool(info.get("aof_enabled")) or int(info.get("connected_slaves", 0)) > 0
    yield Check("redis durability", "append-only file or replica" if durable else "neither file nor replica",
                "" if durable else "set appendonly yes")  # fmt: skip


def _queue(settings: Settings) -> Iterator[Check]:
    url = settings.queue_redis_url or settings.redis_url
    if not url:
        return  # said of Redis already
    try:
        with redis.Redis.from_url(url, socket_timeout=_CONNECT_TIMEOUT_S) as client:
            info = client.info("server")
    except redis.RedisError as error:
        yield Check("queue", _first_line(error), "start its Redis or correct QUEUE_REDIS_URL")
        return
    if clustered(info):
        yield Check("queue", "on a cluster", refusal(settings))
    else:
        yield Check("queue", "on a standalone server")


def _gateway(settings: Settings) -> Iterator[Check]:
    address = public_address(settings.host, settings.port)
    try:
        check_port(settings.host, settings.port)
    except PlayError as error:
        if answers(address):
            yield Check("gateway", f"ready at {address}")
        else:
            yield Check("gateway", str(error), "stop what holds the port, or choose another")
    else:
        yield Check("gateway", f"not running; port {settings.port} is free")


def _web(_: Settings) -> Iterator[Check]:
    built = (WEB_APP / "index.html").exists()
    yield Check("web app", "built" if built else "not built", "" if built else "run `make web`")


def _disk(settings: Settings) -> Iterator[Check]:
    folder = _existing(settings.data_dir)
    free = shutil.disk_usage(folder).free
    yield Check("disk", f"{free // 10**6} MB free in {folder}", "" if free > USED_BYTES else "make room")


def _existing(folder: Path) -> Path:
    """The folder, or the one above it that is there."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
