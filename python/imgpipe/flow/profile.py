"""`Profile`: what a run measures, and every single step of it for a picture of time."""

import json
import os
import threading
from pathlib import Path
from typing import TextIO

from imgpipe.flow.measure import QUEUE, PipelineMetrics
from imgpipe.formats import ImageFormat


class Profile(PipelineMetrics):
    """Metrics that also write a Chrome trace, which ui.perfetto.dev opens: a lane for each thread.

    Waits are left out, as they overlap. Used as a context, which ends the file.
    """

    def __init__(self, opened: TextIO) -> None:
        super().__init__()
        self._file = opened
        self._writing = threading.Lock()
        self._threads: dict[int, str] = {}
        opened.write('{"traceEvents": [\n')

    def span(
        self, step: str, start: int, end: int, path: Path, format: ImageFormat | None = None
    ) -> None:
        """Count it, and write it down."""
        super().span(step, start, end, path, format)
        if step == QUEUE:
            return
        thread = threading.current_thread()
        event = {
            "name": f"{step} {format.value}" if format else step,
            "cat": step,
            "ph": "X",
            "ts": start / 1000,
            "dur": (end - start) / 1000,
            "pid": os.getpid(),
            "tid": thread.native_id,
            "args": {"picture": os.fsencode(path).decode(errors="replace")},
        }
        with self._writing:
            if thread.native_id is not None and thread.native_id not in self._threads:
                self._threads[thread.native_id] = thread.name
                self._write(_naming(thread.native_id, thread.name))
            self._write(event)

    def _write(self, event: dict[str, object]) -> None:
        self._file.write(json.dumps(event) + ",\n")

    def finish(self) -> None:
        """End the file."""
        name = {"name": "process_name", "ph": "M", "pid": os.getpid(), "args": {"name": "imgpipe"}}
        self._file.write(json.dumps(name) + "\n]}\n")


def _naming(number: int, name: str) -> dict[str, object]:
    return {
        "name": "thread_name",
        "ph": "M",
        "pid": os.getpid(),
        "tid": number,
        "args": {"name": name},
    }
