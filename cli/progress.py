"""A bar for work that takes longer than a person waits without a sign: on stderr, and only where that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from persistence.progress import Progress, untold


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """What the work is to call; the bar is gone when it ends."""
    if not sys.stderr.isatty():
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
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
