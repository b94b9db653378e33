"""The habits of the machine that a process is started on, made the same everywhere.

Owns what a process inherits from who started it, but for the environment: how its output is encoded, how many files it
may open, whom its files are readable for, which signals reach it.
"""

import codecs
import contextlib
import io
import locale
import os
import re
import resource
import signal
import sys
from typing import Final

OPEN_FILES: Final = 65_536
"""More than any part needs."""
_ENDS_OF_LINES: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def read_utf8() -> None:
    """Start this process again in Python's UTF-8 mode where another encoding is the locale's: libraries read files in
    that, ours too.  Names of files keep their bytes.  For a process's own beginning, before it has anything."""
    if not sys.flags.utf8_mode and sys.executable and codecs.lookup(locale.getencoding()).name != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - ourselves


def print_everything() -> None:
    """What a stream's encoding cannot write is written as an escape, instead of ending the process; a stream that is
    closed takes everything, and its number is nobody else's."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.dup2(null := os.open(os.devnull, os.O_RDWR), number)
                if null != number:
                    os.close(null)
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def on_one_line(text: object) -> str:
    """As it stands in a line, whatever it is: names of files may hold ends of lines, too."""
    return _ENDS_OF_LINES.sub(lambda sign: sign[0].encode("unicode_escape").decode(), str(text))


def open_many_files() -> None:
    """As many as the machine allows: a shell's limit of 256 or 1024 is a default, and each player holds a socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files() -> int:
    """How many this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if soft == resource.RLIM_INFINITY else soft


def hear_signals() -> None:
    """Stop signals reach us though who started us blocked them for itself; children inherit this."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [*STOP_SIGNALS, signal.SIGCHLD])
