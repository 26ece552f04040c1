"""Progress told to whoever watches, without ever waiting for them."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imgpipe.errors import ImageError
from imgpipe.flow.parcels import Parcel
from imgpipe.progress import ProcessingStage, ProgressUpdate

Progress = Callable[[ProgressUpdate], object] | asyncio.Queue[ProgressUpdate | None]

_KEPT = 1024  # updates that a slow listener may lag behind
_PATIENCE = 1.0  # seconds that a listener has for them once the run has ended


class Watch:
    """Counts pictures and tells a listener of each.

    A callable is called in a thread of its own. One that lags far behind loses the oldest updates,
    as does a queue that is full; neither loses the last one. A queue gets None at the end; one that
    holds a single item ends with None alone.
    """

    def __init__(self, progress: Progress | None) -> None:
        self.planned = 0
        self.finished = 0
        self._listener: _Queue | _Caller | None = None
        if isinstance(progress, asyncio.Queue):
            self._listener = _Queue(progress)
        elif progress is not None:
            self._listener = _Caller(progress)
        self._put(None, ProcessingStage.SCANNING)

    def plan(self, count: int) -> None:
        """Say that so many more pictures are known."""
        self.planned += count

    def tell(self, parcel: Parcel[Any], stage: ProcessingStage) -> None:
        """Say that the pictures of a parcel that have not failed have come to `stage`."""
        if self._listener:
            for item in parcel:
                if not isinstance(item.result, ImageError):
                    self._put(item.job.path, stage)

    def finish(self, path: Path) -> None:
        """Say that all of a picture is done, or that it has failed."""
        self.finished += 1
        if self._listener:
            self._put(path, ProcessingStage.PROCESSING)

    def complete(self) -> None:
        """Say that all pictures are finished."""
        self._put(None, ProcessingStage.COMPLETE)

    async def close(self) -> None:
        """Let the listener hear the last. Raises what it has raised."""
        if self._listener:
            await self._listener.close()

    def _put(self, path: Path | None, stage: ProcessingStage) -> None:
        if self._listener:
            total = max(self.planned, self.finished)
            file = path.name if path else None
            self._listener.put(ProgressUpdate(self.finished, total, file, stage))


class _Queue:
    """A queue of the event loop's."""

    def __init__(self, queue: asyncio.Queue[ProgressUpdate | None]) -> None:
        self._queue = queue

    def put(self, item: ProgressUpdate | None) -> None:
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(item)

    async def close(self) -> None:
        self.put(None)


class _Caller:
    """A callable, and the thread that calls it."""

    def __init__(self, function: Callable[[ProgressUpdate], object]) -> None:
        self._function = function
        self._updates: deque[ProgressUpdate] = deque(maxlen=_KEPT)
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._call, name="imgpipe-progress", daemon=True)
        self._thread.start()

    def put(self, update: ProgressUpdate) -> None:
        with self._changed:
            self._updates.append(update)
            self._changed.notify()

    def _call(self) -> None:
        while update := self._next():
            try:
                self._function(update)
            except BaseException as error:  # theirs, and told to them when the run ends
                self._error = error
                return

    def _next(self) -> ProgressUpdate | None:
        with self._changed:
            self._changed.wait_for(lambda: self._updates or self._deadline)
            if self._deadline and time.monotonic() > self._deadline:
                self._updates = deque(list(self._updates)[-1:])
            return self._updates.popleft() if self._updates else None

    async def close(self) -> None:
        with self._changed:
            self._deadline = time.monotonic() + _PATIENCE
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)
        if self._error:
            raise self._error
