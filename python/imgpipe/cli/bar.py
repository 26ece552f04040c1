"""The bar that a run shows on a terminal."""

import time
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from imgpipe.bytesize import format_bytes
from imgpipe.cli.view import View, per_second
from imgpipe.flow.lanes import Statistics


class Bar(View):
    """A bar on a terminal."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[memory]}"),
            TextColumn("{task.fields[failed]}", style="red"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID = self._bar.add_task(
            "Scanning", total=None, rate="", memory="", failed=""
        )
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, run: Statistics) -> None:
        self._bar.update(
            self._task,
            completed=run.finished,
            total=None if run.scanning else run.planned,
            description="Scanning" if run.scanning else "Pictures",
            rate=per_second(run.finished, time.monotonic() - self._start),
            memory=format_bytes(run.memory_used),
            failed=f"{run.failed} failed" if run.failed else "",
        )
