"""`History`: what the run log can be asked."""

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from imgpipe.formats import ImageFormat
from imgpipe.naming import SIDECAR, sidecar_name


@dataclass(frozen=True, slots=True)
class Entry:
    """One output as it is written down: where it comes from, where it is, what became of it.

    `path` is below the output folder. `skipped` says why the last run left it as it was. `size`, in
    bytes, and `digest` are those of the file that was put there last, `size` None where a done
    output is not due. `step` and `error` say why it failed. `sidecar_size` and `sidecar_digest` are
    those of the file that was put beside it last, None where none was.
    """

    id: int
    input: Path
    input_size: int
    input_mtime_ns: int
    path: PurePath
    state: str
    skipped: str | None
    size: int | None
    digest: bytes | None
    format: str | None
    width: int | None
    height: int | None
    lost: str | None
    step: str | None
    error: str | None
    seconds: float | None
    sidecar_size: int | None
    sidecar_digest: bytes | None

    @property
    def sidecar(self) -> PurePath:
        """Where the file beside it is or would be, below the output folder."""
        return PurePath(sidecar_name(self.path))


@dataclass(frozen=True, slots=True)
class Run:
    """A run: its recipe, when it began and ended, in seconds since 1970, and what stopped it.

    `codecs` is the library of each format at that time, with its version.
    """

    recipe: str
    version: str
    codecs: dict[str, str]
    started: float
    ended: float | None
    outcome: str | None


_ENTRIES = """
select outputs.id, inputs.path, inputs.size, inputs.mtime_ns, coalesce(landed, outputs.path), state,
  skipped, bytes, digest, format, width, height, lost, step, error, seconds,
  sidecar_bytes, sidecar_digest
from outputs join inputs on inputs.id = input
"""

_RUNS = "select recipe, version, codecs, started, ended, outcome from runs"


class History:
    """The questions to a log; it must stay open for as long as answers are read."""

    def __init__(self, connection: sqlite3.Connection, output_dir: Path) -> None:
        self._connection = connection
        self._output_dir = output_dir

    def runs(self) -> Iterator[Run]:
        """All runs into the folder, the first one first."""
        for recipe, version, codecs, *rest in self._connection.execute(f"{_RUNS} order by id"):
            yield Run(recipe, version, json.loads(codecs), *rest)

    def last_run(self) -> Run | None:
        """The one that began last."""
        row = self._connection.execute(f"{_RUNS} order by id desc limit 1").fetchone()
        return Run(row[0], row[1], json.loads(row[2]), *row[3:]) if row else None

    def entries(self, condition: str = "true", *values: object) -> Iterator[Entry]:
        """The outputs of which an SQL condition holds, the one first written down first."""
        query = f"{_ENTRIES} where {condition} order by outputs.id"
        for id, source, size, mtime_ns, path, *rest in self._connection.execute(query, values):
            yield Entry(
                *(id, Path(os.fsdecode(source)), size, mtime_ns),
                *(PurePath(os.fsdecode(path)), *rest),
            )

    def about(self, file: Path) -> list[Entry]:
        """The outputs of an input, or the one that is at `file`."""
        path = os.path.abspath(file)
        entries = list(self.entries("inputs.path = ?", os.fsencode(path)))
        output_dir = os.path.abspath(self._output_dir)
        if not entries and path.startswith(output_dir + os.sep):
            below = os.fsencode(os.path.relpath(path, output_dir).removesuffix(SIDECAR))
            entries = list(self.entries("coalesce(landed, outputs.path) = ?", below))
        return entries

    def unlisted(self) -> Iterator[tuple[Path, str]]:
        """(path, reason) of what the last run could not list."""
        for path, error in self._connection.execute("select path, error from unlisted"):
            yield Path(os.fsdecode(path)), error

    def made(self) -> Iterator[tuple[Path, str, ImageFormat, int, int, int]]:
        """(input, output, format, width, height, bytes) of all outputs that are in place."""
        for entry in self.entries("state = 'done' and bytes is not null and width is not null"):
            format = ImageFormat[entry.format or ""]
            pixels = entry.width or 0, entry.height or 0
            yield entry.input, str(entry.path), format, *pixels, entry.size or 0

    def left(self) -> tuple[int, int]:
        """How many outputs are yet to be made, and how many bytes one has on average."""
        (count,) = self._connection.execute(
            "select count(*) from outputs where state in ('planned', 'intent') and skipped is null"
        ).fetchone()
        (mean,) = self._connection.execute(
            "select avg(coalesce(bytes, next_bytes)) from outputs where next_bytes is not null"
        ).fetchone()
        return count, round(mean or 0)

    def counts(self) -> list[tuple[str, int, int, float]]:
        """(state, outputs, bytes, seconds) of all that is in each state."""
        return list(
            self._connection.execute(
                "select case when skipped is not null then 'skipped' else state end as what, "
                "count(*), sum(coalesce(bytes, 0)), sum(coalesce(seconds, 0)) from outputs "
                "group by what order by what"
            )
        )

    def losses(self) -> list[tuple[str, int]]:
        """(what was lost, outputs) of all outputs in place, the most frequent first."""
        return list(
            self._connection.execute(
                "select lost, count(*) as n from outputs where state = 'done' and lost is not null "
                "group by lost order by n desc, lost"
            )
        )
