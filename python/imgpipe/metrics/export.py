"""A thread that does something again and again until it is stopped."""

import sys
import threading
from collections.abc import Callable


class ExportThread:
    """Calls `export` every `interval` seconds, the first time after one of them.

    It is a daemon. What `export` raises goes to threading.excepthook, and the thread goes on.
    """

    def __init__(self, interval: float, export: Callable[[], object]) -> None:
        self._interval = interval
        self._export = export
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imgpipe-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the wait, and the thread: an `export` that runs is waited for, unless it calls."""
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                self._export()
            except Exception:
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self._thread)))
