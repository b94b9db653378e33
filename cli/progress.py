"""A bar for work that takes longer than a person waits without a sign: on stderr, or where a test has its terminal.

Never where that is no terminal: there are logs, and they want no bars.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from persistence.progress import Progress, untold


@contextmanager
def progress_bar(title: str, stream: TextIO | None = None) -> Iterator[Progress]:
    """What the work is to call; the bar is gone when it ends."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield untold
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(file=stream)
    # What is printed meanwhile stands above the bar, unless it goes elsewhere: there it must arrive.
    with Bar(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
