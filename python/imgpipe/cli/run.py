"""`imgpipe run` and `resume`: a view while it runs, then a line that sums up and the failures."""

import asyncio
import os
import shlex
import signal
import sys
import time
from pathlib import Path

from imgpipe.cli.measure import bottleneck_text, profile_text
from imgpipe.cli.view import (
    Tally,
    View,
    end_to_json,
    printable,
    result_to_json,
    view_for,
)
from imgpipe.errors import Cancelled, ImgpipeError
from imgpipe.flow.pipeline import Pipeline
from imgpipe.flow.profile import Profile
from imgpipe.heap import keep_freed_memory
from imgpipe.runlog import Decision

SOME_FAILED = 3
_BETWEEN_LOOKS = 0.1  # seconds
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_HINTS = {
    Decision.STALE.value: "--overwrite changed makes them anew",
    Decision.FOREIGN.value: "--overwrite all replaces them",
}


def run_with_view(run: Pipeline, quiet: bool, as_json: bool) -> int:
    """Do a run, tell the terminal about it, and give the exit code."""
    keep_freed_memory()
    tally, start, cpu = Tally(), time.perf_counter(), time.process_time()
    error = None
    try:
        stopped_by = asyncio.run(_run(run, tally, view_for(quiet), as_json))
        error = _stopped(stopped_by, run.config.destination) if stopped_by else None
    except ImgpipeError as failure:
        error = str(failure)
        raise
    finally:
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        _sum_up(tally, seconds, quiet, as_json, error, bottleneck_text(run.metrics, run.config))
        if isinstance(run.metrics, Profile):
            print(profile_text(run.metrics, run.config, seconds, cpu), file=sys.stderr)
    if stopped_by:
        print(error, file=sys.stderr)
        return 128 + stopped_by
    return SOME_FAILED if tally.failures else 0


def _stopped(number: int, output_dir: Path) -> str:
    name, place = signal.Signals(number).name, shlex.quote(printable(output_dir))
    return f"Stopped by {name}; imgpipe resume {place} goes on from here."


def _sum_up(
    tally: Tally, seconds: float, quiet: bool, as_json: bool, error: str | None, most: str
) -> None:
    if as_json:
        print(end_to_json(tally, seconds, error, most))
    elif not quiet and (len(tally) or not error):
        print(f"{tally.summary()} ({seconds:.1f} s)")
        for reason, count in tally.skipped.items():
            hint = _HINTS.get(reason)
            print(f"  {count} skipped: {reason}" + (f"; {hint}" if hint else ""))
        if most:
            print(f"{most}.")
    for failure in sorted(tally.failures, key=lambda failure: failure.original_path):
        print(f"{printable(failure.original_path)}: {failure.error}", file=sys.stderr)
    if any(failure.skipped for failure in tally.failures):
        print("Some failed in an earlier run; --retry-failed tries them again.", file=sys.stderr)


async def _run(run: Pipeline, tally: Tally, view: View, as_json: bool) -> int:
    """Fill `tally`; the signal that stopped the run, or 0."""
    stopped_by = 0
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        nonlocal stopped_by
        if stopped_by:
            os._exit(128 + number)  # asked twice: leave now, every file under its name is whole
        stopped_by = number
        run.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        await _follow(run, tally, view, as_json)
    except Cancelled:
        if not stopped_by:
            raise
    return stopped_by


async def _follow(pipeline: Pipeline, tally: Tally, view: View, as_json: bool) -> None:
    async with pipeline as run:
        if run.changed_codecs:
            changes = "; ".join(run.changed_codecs)
            print(f"Made by other codecs before, so out of date: {changes}", file=sys.stderr)
        with view:
            shown = 0.0
            async for result in run:
                tally.add(result)
                if as_json:
                    print(result_to_json(result))
                if (now := time.monotonic()) > shown + _BETWEEN_LOOKS:
                    shown = now
                    view.update(run.statistics)
            view.update(run.statistics)
