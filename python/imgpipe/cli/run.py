"""`imgpipe run`: a progress bar while it runs, then a line that sums up and the failures."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from imgpipe.config import PipelineConfig
from imgpipe.errors import ImgpipeError
from imgpipe.flow.pipeline import Pipeline
from imgpipe.results import ProcessingResult
from imgpipe.runlog import Decision

SOME_FAILED = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_HINTS = {
    Decision.STALE.value: "--overwrite changed makes them anew",
    Decision.FOREIGN.value: "--overwrite all replaces them",
}


class Tally:
    """What has become of the pictures so far."""

    def __init__(self) -> None:
        self.successful = 0
        self.failures: list[ProcessingResult] = []
        self.skipped: Counter[str] = Counter()

    def add(self, result: ProcessingResult) -> None:
        """Count one more."""
        if result.skipped:
            self.skipped[result.skipped] += 1
        elif result.success:
            self.successful += 1
        else:
            self.failures.append(result)

    def summary(self) -> str:
        """One line of counts."""
        skipped = self.skipped.total()
        return f"Successful: {self.successful}, Failed: {len(self.failures)}, Skipped: {skipped}"


def run_with_view(config: PipelineConfig, quiet: bool) -> int:
    """Run `config`, tell the terminal about it, and give the exit code."""
    tally, start = Tally(), time.perf_counter()
    try:
        stopped_by = asyncio.run(_run(config, tally, quiet))
    except ImgpipeError:
        if tally.successful or tally.failures or tally.skipped:
            _sum_up(tally, time.perf_counter() - start, quiet)
        raise
    _sum_up(tally, time.perf_counter() - start, quiet)
    if stopped_by:
        name = signal.Signals(stopped_by).name
        print(f"Stopped by {name}; the same command goes on from here.", file=sys.stderr)
        return 128 + stopped_by
    return SOME_FAILED if tally.failures else 0


def _sum_up(tally: Tally, seconds: float, quiet: bool) -> None:
    if not quiet:
        print(f"{tally.summary()} ({seconds:.1f} s)")
        for reason, count in tally.skipped.items():
            hint = _HINTS.get(reason)
            print(f"  {count} skipped: {reason}" + (f"; {hint}" if hint else ""))
    for failure in sorted(tally.failures, key=lambda failure: failure.original_path):
        print(f"{_printable(failure.original_path)}: {failure.error}", file=sys.stderr)


async def _run(config: PipelineConfig, tally: Tally, quiet: bool) -> int:
    """Fill `tally`; the signal that stopped the run, or 0."""
    stopped_by = 0
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop(number: int) -> None:
        nonlocal stopped_by
        if stopped_by:
            os._exit(128 + number)  # asked twice: leave now, every file under its name is whole
        stopped_by = number
        if task:
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        await _run_in_view(config, tally, quiet)
    except asyncio.CancelledError:
        if not stopped_by:
            raise
    return stopped_by


async def _run_in_view(config: PipelineConfig, tally: Tally, quiet: bool) -> None:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    async with Pipeline(config) as run:
        with bar:
            pictures = bar.add_task("Scanning", total=None, failed="")
            async for result in run:
                tally.add(result)
                failed = f"{len(tally.failures)} failed" if tally.failures else ""
                bar.update(
                    pictures,
                    advance=1,
                    total=None if run.scanning else run.planned,
                    description="Scanning" if run.scanning else "Pictures",
                    failed=failed,
                )


def _printable(path: os.PathLike[str]) -> str:
    """A name as it is, but for bytes that are no text and for control characters."""
    text = os.fsencode(path).decode(errors="replace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
