"""`RunLog`: the tables of a run and every statement on them."""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Self

from imgpipe.codecs import versions
from imgpipe.errors import ConfigError, ImageError, ImgpipeError, StorageFull
from imgpipe.formats import ImageFormat
from imgpipe.runlog.decide import Decision, Overwrite, decide
from imgpipe.steps.encode import Encoded
from imgpipe.steps.plan import Job, Output
from imgpipe.steps.save import Staged

FOLDER = ".imgpipe"
SCHEMA_VERSION = 2

_SCHEMA = """
create table inputs (
  id integer primary key,
  path blob not null unique,
  size integer not null,
  mtime_ns integer not null
);
create table outputs (
  id integer primary key,
  input integer not null references inputs,
  path blob not null unique,          -- as planned, below the output folder
  landed blob unique,                 -- where it went instead, its content being of another format
  key blob not null,                  -- of the input's fingerprint and the recipe
  state text not null check (state in ('planned', 'intent', 'done', 'failed')),
  bytes integer,                      -- of the file we last put there; null and done: none is due
  digest blob,
  next_bytes integer,                 -- of the file about to be put there
  next_digest blob,
  format text,                        -- of that file, its pixels, and what of the input it lost
  width integer,
  height integer,
  lost text,
  step text,                          -- that failed
  error text,
  seconds real
);
create index outputs_by_state on outputs (state) where state = 'intent';
create table unlisted (path blob not null primary key, error text not null);
"""

_SINCE_1 = """
alter table outputs add column format text;
alter table outputs add column width integer;
alter table outputs add column height integer;
alter table outputs add column lost text;
"""

_ARRIVED = "state = 'done', bytes = next_bytes, digest = next_digest"


@dataclass(frozen=True, slots=True)
class Row:
    """A planned output's place in the log, and what is to become of it.

    `existing` is the file that it was decided about: the planned one, or where our last one went.
    """

    id: int
    output: Output
    decision: Decision
    existing: PurePath


@dataclass(frozen=True, slots=True)
class Intent:
    """An output about to get its name."""

    row: Row
    staged: Staged
    encoded: Encoded


class RunLog:
    """The log of one output folder. Not safe to share between threads at the same time.

    Paths are kept as bytes, those of outputs relative to the output folder.
    """

    def __init__(self, connection: sqlite3.Connection, output_dir: Path, scratch: Path):
        self._connection = connection
        self._output_dir = output_dir
        self.scratch = scratch
        """The folder for temporary files, on the device of the outputs."""

    @classmethod
    def open(cls, output_dir: Path) -> Self:
        """The log kept in `output_dir`, made where there is none.

        What an earlier run left behind is put in order.

        Raises ConfigError where the folder cannot be written, the log is of a newer version or no
        log at all, or another run has it.
        """
        home = output_dir / FOLDER
        try:
            (home / "tmp").mkdir(parents=True, exist_ok=True)
            connection = _connect(str(home / "run.sqlite"))
        except OSError as error:
            raise _unwritable(error) from error
        except sqlite3.Error as error:
            raise ConfigError(_explain(error, home)) from error
        log = cls(connection, output_dir, home / "tmp")
        log._recover()
        return log

    @classmethod
    def in_memory(cls, output_dir: Path) -> Self:
        """A log that is gone with the run and leaves nothing in `output_dir`.

        Raises ConfigError where the folder cannot be written.
        """
        try:
            output_dir.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".imgpipe-", dir=output_dir))
        except OSError as error:
            raise _unwritable(error) from error
        return cls(_connect(":memory:"), output_dir, scratch)

    def close(self) -> None:
        """Let the file go; temporary files go too."""
        self._connection.close()
        _empty(self.scratch)
        if self.scratch.parent.name != FOLDER:
            self.scratch.rmdir()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection:
                yield
        except sqlite3.OperationalError as error:
            kind = StorageFull if "full" in str(error) else ImgpipeError
            raise kind(f"Expected to write the run log, got: {error}") from error

    def plan(self, jobs: Iterable[Job], overwrite: Overwrite) -> list[list[Row]]:
        """Write down the outputs of `jobs` and decide about each; a list of rows for each job."""
        with self._transaction():
            return [self._plan_job(job, overwrite) for job in jobs]

    def _plan_job(self, job: Job, overwrite: Overwrite) -> list[Row]:
        file = job.found.file
        (input_id,) = self._connection.execute(
            "insert into inputs (path, size, mtime_ns) values (?, ?, ?) on conflict (path) do "
            "update set size = excluded.size, mtime_ns = excluded.mtime_ns returning id",
            (os.fsencode(file.path.absolute()), file.size_bytes, job.found.mtime_ns),
        ).fetchone()
        return [self._plan_output(job, output, input_id, overwrite) for output in job.outputs]

    def _plan_output(self, job: Job, output: Output, input_id: int, overwrite: Overwrite) -> Row:
        path, key = os.fsencode(output.path), output_key(job, output)
        known = self._connection.execute(
            "select id, coalesce(landed, path), bytes, key, state from outputs where path = ?",
            (path,),
        ).fetchone()
        id, landed, our_size, old_key, state = known or (None, path, None, None, None)
        same = state == "done" and old_key == key
        if same and our_size is None and overwrite != "all":
            return Row(id or 0, output, Decision.UNNEEDED, PurePath(os.fsdecode(landed)))
        existing_size = _size(self._output_dir / os.fsdecode(landed))
        decision = decide(existing_size, our_size, same, overwrite)
        existing = PurePath(os.fsdecode(landed))
        if decision.is_skip:
            return Row(id or 0, replace(output, path=existing), decision, existing)
        (id,) = self._connection.execute(
            "insert into outputs (input, path, key, state) values (?, ?, ?, 'planned') "
            "on conflict (path) do update set input = excluded.input, key = excluded.key, "
            "state = 'planned', step = null, error = null returning id",
            (input_id, path, key),
        ).fetchone()
        return Row(id, output, decision, existing)

    def land(self, row: Row, path: PurePath) -> bool:
        """Let an output go to `path` instead of where it was planned; False where that is taken."""
        raw = os.fsencode(path)
        with self._transaction():
            taken = self._connection.execute(
                "select 1 from outputs where id != ? and (path = ? or landed = ?)",
                (row.id, raw, raw),
            ).fetchone()
            if not taken:
                self._connection.execute(
                    "update outputs set landed = ? where id = ?", (raw, row.id)
                )
        return not taken

    def commit(
        self,
        done: Sequence[tuple[Row, float]],
        intents: Sequence[Intent],
        unneeded: Sequence[Row],
        failed: Sequence[tuple[Row, ImageError]],
    ) -> None:
        """In one transaction: outputs that are in place, those about to be, those that failed."""
        with self._transaction():
            self._connection.executemany(
                f"update outputs set {_ARRIVED}, seconds = ? where id = ?",
                [(seconds, row.id) for row, seconds in done],
            )
            self._connection.executemany(
                "update outputs set state = 'intent', next_bytes = ?, next_digest = ?, "
                "format = ?, width = ?, height = ?, lost = ? where id = ?",
                [
                    (intent.staged.size, intent.staged.digest, *_about(intent.encoded), row.id)
                    for intent in intents
                    for row in (intent.row,)
                ],
            )
            self._connection.executemany(
                "update outputs set state = 'done', bytes = null where id = ?",
                [(row.id,) for row in unneeded],
            )
            self._connection.executemany(
                "update outputs set state = 'failed', step = ?, error = ? where id = ?",
                [(error.step, str(error), row.id) for row, error in failed],
            )

    def made(self) -> Iterator[tuple[Path, str, ImageFormat, int, int, int]]:
        """(input, output, format, width, height, bytes) of all outputs that are in place."""
        rows = self._connection.execute(
            "select inputs.path, coalesce(landed, outputs.path), format, width, height, bytes "
            "from outputs join inputs on inputs.id = input "
            "where state = 'done' and bytes is not null and width is not null order by outputs.id"
        )
        for source, path, format, *numbers in rows:
            yield Path(os.fsdecode(source)), os.fsdecode(path), ImageFormat[format], *numbers

    def record_unlisted(self, failures: Iterable[ImageError]) -> None:
        """Write down what the scan could not list."""
        with self._transaction():
            self._connection.executemany(
                "insert or replace into unlisted values (?, ?)",
                [(os.fsencode(error.path or ""), str(error)) for error in failures],
            )

    def _recover(self) -> None:
        """Settle what a killed run left: its temporaries go, its intents are done or are not."""
        _empty(self.scratch)
        intents = self._connection.execute(
            "select id, coalesce(landed, path), next_bytes, next_digest from outputs "
            "where state = 'intent'"
        ).fetchall()
        with self._transaction():
            self._connection.execute("delete from unlisted")
            for id, path, size, digest in intents:
                target = self._output_dir / os.fsdecode(path)
                arrived = _size(target) == size and _digest(target) == digest
                outcome = _ARRIVED if arrived else "state = 'planned'"
                self._connection.execute(f"update outputs set {outcome} where id = ?", (id,))

    def states(self) -> dict[str, int]:
        """How many outputs are in each state."""
        return dict(self._connection.execute("select state, count(*) from outputs group by state"))

    def failures(self) -> Iterator[tuple[Path, str, str]]:
        """(input, step, reason) of each output that failed, in the order they were planned."""
        rows = self._connection.execute(
            "select inputs.path, step, error from outputs join inputs on inputs.id = input "
            "where state = 'failed' order by outputs.id"
        )
        for path, step, error in rows:
            yield Path(os.fsdecode(path)), step, error


def _about(encoded: Encoded) -> tuple[str, int, int, str | None]:
    lost = "; ".join(map(str, encoded.lost))
    return encoded.format.name, *encoded.size, lost or None


def output_key(job: Job, output: Output) -> bytes:
    """What an output depends on, in 16 bytes: its input's fingerprint and how it is made."""
    file = job.found.file
    parts = (
        *(os.fsencode(file.path.absolute()), file.size_bytes, job.found.mtime_ns),
        *(transform.spell() for transform in output.transforms),
        *(output.format, output.encoding, output.max_bytes),
        *(output.policy.spell(), output.widest, output.mark, versions()),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


def _connect(database: str) -> sqlite3.Connection:
    # Calls come one at a time, but from whichever thread of the pool is free.
    connection = sqlite3.connect(database, timeout=0, check_same_thread=False)
    try:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"Expected a run log of version {SCHEMA_VERSION} or older, got {version}; "
                "use the newer imgpipe that wrote it, or another output folder"
            )
        steps = {0: _SCHEMA, 1: _SINCE_1}.get(version, "")
        # The version changes with the tables or not at all, whenever we are killed.
        connection.executescript(f"begin; {steps} pragma user_version = {SCHEMA_VERSION}; commit;")
    except BaseException:
        connection.close()
        raise
    return connection


def _explain(error: sqlite3.Error, home: Path) -> str:
    if "locked" in str(error):
        return f"Expected to be alone in {home.parent}, but another run is writing there"
    return f"Expected a run log in {home}, got: {error}; move it away to start anew"


def _unwritable(error: OSError) -> ConfigError:
    return ConfigError(f"Expected an output folder that can be written, got: {error}")


def _empty(folder: Path) -> None:
    for leftover in folder.iterdir():
        leftover.unlink()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _digest(path: Path) -> bytes:
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
