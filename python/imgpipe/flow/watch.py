"""Progress told to whoever watches, without ever waiting for them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

from imgpipe.progress import ProcessingStage, ProgressUpdate
from imgpipe.results import ProcessingResult

Progress = Callable[[ProgressUpdate], object] | asyncio.Queue[ProgressUpdate | None]


class Watch:
    """Counts finished pictures and tells a listener of each.

    Entering says SCANNING, leaving ends a queue with None. A full queue loses its oldest updates,
    never the last one; one that holds a single item ends with None alone.
    """

    def __init__(self, progress: Progress | None, outputs: int) -> None:
        self._progress = progress
        self._outputs = outputs  # of each picture
        self._open: Counter[Path] = Counter()
        self._processed = 0

    def __enter__(self) -> Self:
        self._tell(0, None, ProcessingStage.SCANNING)
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._progress, asyncio.Queue):
            self._put(self._progress, None)

    def add(self, result: ProcessingResult, planned: int) -> None:
        """Take one more result; `planned` pictures are known by now."""
        path = result.original_path
        self._open[path] += 1
        if self._open[path] < self._outputs:
            return
        del self._open[path]
        self._processed += 1
        self._tell(max(planned, self._processed), path.name, ProcessingStage.PROCESSING)

    def end(self, planned: int) -> None:
        """Say that all is done."""
        self._tell(max(planned, self._processed), None, ProcessingStage.COMPLETE)

    def _tell(self, total: int, file: str | None, stage: ProcessingStage) -> None:
        update = ProgressUpdate(self._processed, total, file, stage)
        if isinstance(self._progress, asyncio.Queue):
            self._put(self._progress, update)
        elif self._progress is not None:
            self._progress(update)

    @staticmethod
    def _put(queue: asyncio.Queue[ProgressUpdate | None], item: ProgressUpdate | None) -> None:
        while queue.full():
            queue.get_nowait()
        queue.put_nowait(item)
