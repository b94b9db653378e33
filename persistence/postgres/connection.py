"""One connection to Postgres, driven by its socket's events.

Owns libpq's state of the connection: one query goes out at a time, and its reply is read whole whether or not its
caller still waits.  psycopg connects, quotes values and loads results; its cursors are left out, since they cost the
gateway several times what the query itself does.  Must never send a value that psycopg has not quoted.
"""

import asyncio
import re
import select
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, LiteralString

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]

# Also a sign that stands alone: it is refused, as psycopg does.
_SIGN = re.compile(r"%(?:%|\((\w+)\)s)?")


class ConnectionLost(Exception):
    """The connection is gone, or was given up, before the reply was whole."""


@cache
def _template(query: LiteralString) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The text around the values of a statement, and their names."""
    texts, names, text, end = [], [], "", 0
    for sign in _SIGN.finditer(query):
        text += query[end : sign.start()]
        end = sign.end()
        if sign[1] is not None:
            texts.append(text.encode())
            names.append(sign[1])
            text = ""
        elif sign[0] == "%%":
            text += "%"
        else:
            raise psycopg.ProgrammingError(f"a value without a name, or a bare percent sign, in: {query}")
    return (*texts, (text + query[end:]).encode()), tuple(names)


class Connection:
    """Made from a connection that psycopg opened, which must not be used otherwise from then on.

    `gone` is called once when the connection ends, for whatever reason.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], gone: Callable[["Connection"], None]) -> None:
        self._pgconn = connection.pgconn
        self._transformer = Transformer.from_context(connection)
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._socket = connection.pgconn.socket
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._reply: asyncio.Future[list[Row]] | None = None
        self._done: Callable[[Connection], None] = gone
        self._deadline: asyncio.TimerHandle | None = None
        self._last: PGresult | None = None
        self._disturbed = False
        self.opened_at = self._loop.time()
        self._pgconn.nonblocking = 1
        # Once and not for each query: that would be two calls to the kernel.
        self._loop.add_reader(self._socket, self._read)

    def is_silent(self) -> bool:
        """Whether nothing has come since the last reply.

        What comes unasked is, as a rule, Postgres's farewell; the end of the connection follows a moment later.  Costs
        no round trip.
        """
        return not self._disturbed and not self._poll.poll(0)

    def is_awaited(self) -> bool:
        """Whether a caller waits for a reply."""
        return self._reply is not None and not self._reply.done()

    def compose(self, head: bytes, query: LiteralString, params: Mapping[str, Any]) -> bytes:
        """`head`, and the statement with its values in their places.

        Raises:
            psycopg.Error: a value that Postgres cannot keep.
        """
        texts, names = _template(query)
        pieces = [head, texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            pieces.append(self._transformer.as_literal(params[name]))
            pieces.append(text)
        return b"".join(pieces)

    def ask(self, query: bytes, limit_s: float, done: Callable[["Connection"], None]) -> "asyncio.Future[list[Row]]":
        """Send statements as one simple query: the rows of the last one.

        `done` is called as soon as the connection is free again, even if nobody waits for the rows any more; it is not,
        if the connection was lost.  After `limit_s` the connection is given up.

        The future's exceptions:
            ConnectionLost: nobody knows whether the statements took effect.
            psycopg.Error: they did not.
        """
        assert self._reply is None
        reply = self._reply = self._loop.create_future()
        self._done = done
        self._deadline = self._loop.call_later(limit_s, self.lose, TimeoutError("no reply"))
        try:
            self._pgconn.send_query(query)
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._write)
        except psycopg.OperationalError as error:
            self.lose(error)
        return reply

    def lose(self, reason: Exception) -> None:
        """End the connection now; whoever waits for a reply gets an error."""
        if self._socket < 0:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket = -1
        self._pgconn.finish()
        if self._deadline is not None:
            self._deadline.cancel()
        if self._reply is not None and not self._reply.done():
            lost = ConnectionLost()
            lost.__cause__ = reason
            self._reply.set_exception(lost)
        self._gone(self)

    def _write(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self.lose(error)

    def _read(self) -> None:
        try:
            self._pgconn.consume_input()
            self._disturbed = self._reply is None
            while self._reply is not None and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._answer(self._reply)
                else:
                    self._last = result
        except psycopg.OperationalError as error:
            self.lose(error)

    def _answer(self, reply: "asyncio.Future[list[Row]]") -> None:
        result, self._last, self._reply = self._last, None, None
        assert result is not None
        if self._deadline is not None:
            self._deadline.cancel()
        if not reply.done():
            try:
                reply.set_result(self._rows(result))
            except Exception as error:  # the caller's, whatever it is: the connection itself is well
                reply.set_exception(error)
        self._done(self)

    def _rows(self, result: PGresult) -> list[Row]:
        match result.status:
            case ExecStatus.TUPLES_OK:
                self._transformer.set_pgresult(result)
                return self._transformer.load_rows(0, result.ntuples, tuple)
            case ExecStatus.COMMAND_OK:
                return []
            case _:
                raise error_from_result(result)
