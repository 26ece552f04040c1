"""What a run shows while it is under way: a bar, plain lines, or JSON."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from imgpipe.bytesize import format_bytes
from imgpipe.flow.lanes import Statistics
from imgpipe.results import ProcessingResult

_FIRST_LINE, _NEXT_LINES = 2.0, 10.0  # seconds


class Tally:
    """What has become of the outputs so far."""

    def __init__(self) -> None:
        self.successful = 0
        self.failures: list[ProcessingResult] = []
        self.skipped: Counter[str] = Counter()

    def add(self, result: ProcessingResult) -> None:
        """Count one more."""
        if not result.success:
            self.failures.append(result)
        elif result.skipped:
            self.skipped[result.skipped] += 1
        else:
            self.successful += 1

    def summary(self) -> str:
        """One line of counts."""
        skipped = self.skipped.total()
        return f"Successful: {self.successful}, Failed: {len(self.failures)}, Skipped: {skipped}"

    def __len__(self) -> int:
        return self.successful + len(self.failures) + self.skipped.total()


class View:
    """A run as it goes; this one shows nothing. Entered for as long as the run lasts."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""

    def update(self, run: Statistics) -> None:
        """Show how it stands."""


class Lines(View):
    """Now and then a line, for logs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._next = self._start + _FIRST_LINE

    def update(self, run: Statistics) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _NEXT_LINES
        total = f"{run.planned} found so far" if run.scanning else str(run.planned)
        failed = f", {run.failed} failed" if run.failed else ""
        rate = per_second(run.finished, now - self._start)
        memory = format_bytes(run.memory_used)
        print(f"{run.finished} of {total}{failed}, {rate}, {memory}", file=sys.stderr, flush=True)


def view_for(quiet: bool) -> View:
    """What fits where stderr goes."""
    if quiet:
        return View()
    if not sys.stderr.isatty():
        return Lines()
    from imgpipe.cli.bar import Bar  # it takes a while to load

    return Bar()


def per_second(finished: int, seconds: float) -> str:
    """So many a second."""
    return f"{finished / seconds:.1f}/s" if seconds > 0 else ""


def result_to_json(result: ProcessingResult) -> str:
    """One line about an output."""
    status = "failed" if not result.success else "skipped" if result.skipped else "done"
    return json.dumps(
        {
            "event": "result",
            "status": status,
            "input": os.fspath(result.original_path),
            "output": result.output_path and os.fspath(result.output_path),
            "variant": result.variant,
            "seconds": round(result.duration, 6),
            "skipped": result.skipped,
            "step": result.step,
            "error": result.error,
            "lost": [str(loss) for loss in result.lost],
        }
    )


def end_to_json(tally: Tally, seconds: float, error: str | None, bottleneck: str) -> str:
    """The last line, about all of it."""
    return json.dumps(
        {
            "event": "end",
            "successful": tally.successful,
            "failed": len(tally.failures),
            "skipped": tally.skipped.total(),
            "seconds": round(seconds, 3),
            "error": error,
            "bottleneck": bottleneck or None,
        }
    )


def printable(path: "str | os.PathLike[str]") -> str:
    """A name as it is, but for bytes that are no text and for control characters."""
    text = os.fsencode(path).decode(errors="replace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
