"""`imgpipe why`, `report` and `prune`: what the log of an output folder tells."""

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from imgpipe.bytesize import format_bytes
from imgpipe.cli.view import printable
from imgpipe.errors import ConfigError
from imgpipe.files import digest_of
from imgpipe.runlog import Entry, Run, RunLog

SHOWN = 10


@contextmanager
def _log_of(output_dir: Path, database: Path | None) -> Iterator[RunLog]:
    log = RunLog.existing(output_dir, database)
    try:
        yield log
    finally:
        log.close()


def why_of(output_dir: Path, database: Path | None, file: Path) -> None:
    """Print what became of a picture, or how an output came to be.

    Raises ConfigError where the log has never heard of it.
    """
    with _log_of(output_dir, database) as log:
        entries = log.history.about(file)
        reasons = [why for path, why in log.history.unlisted() if path == file.absolute()]
    if not entries and not reasons:
        raise ConfigError(f"Expected a picture or an output of a run into {output_dir}, got {file}")
    for reason in reasons:
        print(f"{printable(file)}: {reason}")
    for entry in entries:
        print(f"{printable(entry.input)} -> {printable(output_dir / entry.path)}")
        for line in _story(entry, output_dir):
            print(f"  {line}")


def _story(entry: Entry, output_dir: Path) -> Iterator[str]:
    """What is known about an output, a line each."""
    if entry.state == "failed":
        yield f"failed to {entry.step}: {entry.error}"
    elif entry.state == "done" and entry.size is None:
        yield "not due: wider than the picture"
    elif entry.state == "done":
        yield _made(entry)
    elif not entry.skipped:
        place = shlex.quote(printable(output_dir))
        yield f"planned, but not made yet; imgpipe resume {place} makes it"
    if entry.sidecar_size is not None:
        yield f"beside it: {printable(entry.sidecar.name)}"
    if entry.lost:
        yield f"lost: {entry.lost}"
    if entry.skipped:
        yield f"left as it was by the last run that came upon it: {entry.skipped}"
    if entry.state == "done" and entry.size is not None:
        yield from _since(entry, output_dir / entry.path)
    yield from _input_since(entry)


def _made(entry: Entry) -> str:
    took = f", in {entry.seconds * 1000:.0f} ms" if entry.seconds is not None else ""
    what = f"{entry.format} of {entry.width}x{entry.height}, " if entry.format else ""
    return f"done: {what}{format_bytes(entry.size or 0)}{took}"


def _since(entry: Entry, path: Path) -> Iterator[str]:
    if not path.exists():
        yield "its file is gone since; the next run makes it anew"
    elif path.stat().st_size != entry.size:
        yield "its file was changed by somebody since"


def _input_since(entry: Entry) -> Iterator[str]:
    try:
        stat = entry.input.stat()
    except OSError:
        yield "the picture is gone since; imgpipe prune lists what is left of such"
        return
    if (stat.st_size, stat.st_mtime_ns) != (entry.input_size, entry.input_mtime_ns):
        yield "the picture has changed since; imgpipe resume makes its outputs anew"


def report_on(output_dir: Path, database: Path | None) -> None:
    """Print what all runs into a folder have come to."""
    with _log_of(output_dir, database) as log:
        for run in log.history.runs():
            print(_run_line(run))
        for state, count, size, seconds in log.history.counts():
            made = f" ({format_bytes(size)}, {seconds:.1f} s of work)" if state == "done" else ""
            print(f"Outputs {state}: {count}{made}")
        for lost, count in log.history.losses():
            print(f"  {count} lost {lost}")
        failed = list(log.history.entries("state = 'failed'"))
        for path, reason in log.history.unlisted():
            print(f"{printable(path)}: {reason}")
    for entry in failed[:SHOWN]:
        print(f"  {printable(entry.input)}: {entry.error}")
    if len(failed) > SHOWN:
        print(f"  ... and {len(failed) - SHOWN} more")


def _run_line(run: Run) -> str:
    began = datetime.fromtimestamp(run.started).isoformat(" ", "seconds")
    if run.ended is None:
        return f"{began}: killed, or under way"
    how = f"ended early: {run.outcome}" if run.outcome else "came to its end"
    return f"{began}: {how}, after {run.ended - run.started:.1f} s"


def prune_outputs(output_dir: Path, database: Path | None, remove: bool) -> None:
    """Print the outputs whose pictures are gone, and remove those that are still as we made them.

    Raises ConfigError where a folder of pictures is not there or empty: it may be a disk that is
    not mounted.
    """
    with _log_of(output_dir, database) as log:
        gone = [entry for entry in log.history.entries() if not os.path.lexists(entry.input)]
        if gone:
            _check_sources(log.history.runs(), gone)
        for entry in gone:
            files = _files_of(entry, output_dir)
            for path, ours in files:
                if ours:
                    print(printable(path))
                    if remove:
                        path.unlink()
                else:
                    print(f"{printable(path)}: changed since it was made, left", file=sys.stderr)
            if remove and all(ours for _, ours in files):
                log.forget(entry)


def _files_of(entry: Entry, output_dir: Path) -> list[tuple[Path, bool]]:
    """What is there of an output, its sidecar first, and whether it is still as we made it."""
    made = [
        (entry.sidecar, entry.sidecar_size, entry.sidecar_digest),
        (entry.path, entry.size, entry.digest),
    ]
    files = [(output_dir / below, size, digest) for below, size, digest in made if size is not None]
    return [
        (path, path.stat().st_size == size and digest_of(path) == digest)
        for path, size, digest in files
        if path.is_file()
    ]


def _check_sources(runs: Iterable[Run], gone: list[Entry]) -> None:
    folders = {Path(folder) for run in runs for folder in json.loads(run.recipe)["input_dirs"]}
    for folder in folders:
        if any(folder in entry.input.parents for entry in gone) and not _holds_anything(folder):
            raise ConfigError(
                f"Expected pictures in {folder}, found it gone or empty; if no disk is missing, "
                f"and all of them are gone for good, remove the output folder by hand"
            )


def _holds_anything(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False
