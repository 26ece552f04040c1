"""`RunLog`: the tables of a run and every statement on them."""

import glob
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Self, TypeVar

from imgpipe.codecs import versions
from imgpipe.errors import ConfigError, ImageError, ImgpipeError, SaveError, StorageFull
from imgpipe.runlog.database import Lock, connect, explain
from imgpipe.runlog.decide import Decision, Rules, decide, with_sidecar
from imgpipe.runlog.history import Entry, History
from imgpipe.runlog.rows import Intent, Row
from imgpipe.runlog.settle import ARRIVED, settle, settle_intents, sidecar_at, size_of
from imgpipe.steps.plan import Job, Target
from imgpipe.steps.save import Durability
from imgpipe.steps.scan import Found

T = TypeVar("T")

FOLDER = ".imgpipe"
_AT_ONCE = 500  # outputs in one statement


@dataclass(frozen=True, slots=True)
class _Known:
    """What is written about an output."""

    id: int
    landed: bytes
    size: int | None
    key: bytes
    state: str
    skipped: str | None
    step: str | None
    error: str | None
    sidecar_size: int | None = None
    sidecar_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """An output's row before it has its place in the log, and what is written down of it.

    `leave` is why a file is left as it is; not everything that is known `is_written` anew.
    """

    row: Row
    found: Found
    input: bytes
    path: bytes
    key: bytes
    leave: str | None
    is_written: bool


class RunLog:
    """The log of one output folder. Not safe to share between threads at the same time.

    Paths are kept as bytes, those of outputs relative to the output folder.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        output_dir: Path,
        scratch: Path,
        release: Callable[[], object],
    ) -> None:
        self._connection = connection
        self._output_dir = output_dir
        self._release = release
        self.scratch = scratch
        """The folder for temporary files, on the device of the outputs."""

    @classmethod
    def open(
        cls, output_dir: Path, database: Path | None = None, durability: Durability = "file"
    ) -> Self:
        """The log kept in `output_dir`, or in the file `database`, made where there is none.

        What an earlier run left behind is put in order.

        Raises ConfigError where a folder cannot be written, what was left behind not be read, the
        log is of a newer version or no log at all, or another run has it.
        """
        scratch = output_dir / FOLDER / "tmp"
        database = _database(output_dir, database)
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            database.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as undo:
                lock = Lock(scratch)
                undo.callback(lock.close)
                connection = connect(str(database), durability)
                undo.callback(connection.close)
                log = cls(connection, output_dir, scratch, lock.close)
                settle(connection, output_dir, scratch)
                undo.pop_all()
        except OSError as error:
            raise _unwritable(error) from error
        except (SaveError, StorageFull) as error:
            raise ConfigError(str(error)) from error
        except sqlite3.Error as error:
            raise ConfigError(explain(error, database)) from error
        return log

    @classmethod
    def existing(cls, output_dir: Path, database: Path | None = None) -> Self:
        """The log that is there already. Raises ConfigError where there is none."""
        if not _database(output_dir, database).is_file():
            raise ConfigError(
                "Expected the folder of an earlier run, found no log in "
                f"{database.parent if database else output_dir}"
            )
        return cls.open(output_dir, database)

    @classmethod
    def copied(cls, output_dir: Path, database: Path | None = None) -> Self:
        """A log like that which is there, to plan on; nothing there is touched.

        Raises ConfigError as `open` does.
        """
        scratch = Path(tempfile.mkdtemp(prefix="imgpipe-"))
        database = _database(output_dir, database)
        remove = partial(shutil.rmtree, scratch)
        try:
            with ExitStack() as undo:
                undo.callback(remove)
                for part in database.parent.glob(f"{glob.escape(database.name)}*"):
                    if not part.name.endswith("-shm"):  # what it says is in the other two
                        shutil.copyfile(part, scratch / part.name)
                connection = connect(str(scratch / database.name), "none")
                undo.callback(connection.close)
                log = cls(connection, output_dir, scratch, remove)
                settle_intents(connection, output_dir)
                undo.pop_all()
        except sqlite3.Error as error:
            raise ConfigError(explain(error, database)) from error
        return log

    @classmethod
    def forgotten(cls, output_dir: Path) -> Self:
        """A log that is gone with the run and leaves nothing in `output_dir`.

        Raises ConfigError where the folder cannot be written.
        """
        try:
            output_dir.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".imgpipe-", dir=output_dir))
        except OSError as error:
            raise _unwritable(error) from error
        return cls(connect("", "none"), output_dir, scratch, partial(shutil.rmtree, scratch))

    def close(self) -> None:
        """Let the file go; temporary files go too."""
        self._connection.close()
        for leftover in self.scratch.iterdir():
            leftover.unlink()
        self._release()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection:
                yield
        except sqlite3.DatabaseError as error:
            kind = StorageFull if "full" in str(error) else ImgpipeError
            raise kind(f"Expected a run log that can be written, got: {error}") from error

    def begin(self, recipe: str, version: str) -> None:
        """Write down that a run begins, how it is asked for, and which codecs it has."""
        with self._transaction():
            self._connection.execute("delete from unlisted")
            self._connection.execute(
                "insert into runs (recipe, version, codecs, started) values (?, ?, ?, ?)",
                (recipe, version, json.dumps(versions()), time.time()),
            )

    def end(self, outcome: str | None) -> None:
        """Write down that the run has ended, by itself where there is no `outcome`."""
        with self._transaction():
            self._connection.execute(
                "update runs set ended = ?, outcome = ? where id = (select max(id) from runs)",
                (time.time(), outcome),
            )

    def plan(self, jobs: Sequence[Job], rules: Rules) -> list[tuple[Row, ...]]:
        """Write down the outputs of `jobs` and decide about each; the rows of each job."""
        here = os.fsencode(os.getcwd())
        with self._transaction():
            known = self._known(os.fsencode(target.path) for job in jobs for target in job.targets)
            planned = [self._plan_job(job, known, rules, here) for job in jobs]
            every = list(chain.from_iterable(planned))
            self._write_inputs({plan.input: plan.found for plan in every if plan.is_written})
            ids = self._write_due([plan for plan in every if not plan.row.decision.is_skip])
            self._write_left(
                [plan for plan in every if plan.row.decision.is_skip and plan.is_written]
            )
            return [tuple(_in_log(plan, ids) for plan in plans) for plans in planned]

    def _known(self, paths: Iterable[bytes]) -> dict[bytes, _Known]:
        """What is written about outputs that were planned under some of `paths`."""
        known = {}
        for some in _portions(paths):
            marks = ", ".join("?" * len(some))
            query = (
                "select path, id, coalesce(landed, path), bytes, key, state, skipped, step, error, "
                "sidecar_bytes, sidecar_digest "
                f"from outputs where path in ({marks})"
            )
            for path, *about in self._connection.execute(query, some):
                known[path] = _Known(*about)
        return known

    def _plan_job(
        self, job: Job, known: Mapping[bytes, _Known], rules: Rules, here: bytes
    ) -> list[_Plan]:
        path = os.path.join(here, job.found.folder.raw, os.fsencode(job.found.name))
        fingerprint = _fingerprint(job.found, path)
        plans = []
        for target in job.targets:
            raw = os.fsencode(target.path)
            key = hashlib.blake2b(fingerprint + target.output.key, digest_size=16).digest()
            before = known.get(raw) or _Known(0, raw, None, b"", "", None, None, None)
            row = self._decide(target, before, key, rules)
            leave = row.decision.reason_to_leave
            is_written = not row.decision.is_skip or before.skipped != leave
            plans.append(_Plan(row, job.found, path, raw, key, leave, is_written))
        return plans

    def _decide(self, target: Target, before: _Known, key: bytes, rules: Rules) -> Row:
        existing = os.fsdecode(before.landed)
        same = before.key == key
        if same and before.state == "failed" and before.step not in rules.retries:
            failure = before.step or "", before.error or ""
            return Row(before.id, target, Decision.FAILED, existing, failure)
        same = same and before.state == "done"
        if same and before.size is None and not rules.redoes:
            return Row(before.id, target, Decision.UNNEEDED, existing)
        existing_size = size_of(os.path.join(self._output_dir, existing))
        decision = decide(existing_size, before.size, same, rules)
        row = Row(before.id, target, decision, existing)
        if before.sidecar_size is None and "dicom" not in target.output.policy.keep:
            return row
        beside = size_of(sidecar_at(self._output_dir, before.landed))
        ours = beside is not None and beside == before.sidecar_size
        return replace(
            row,
            decision=with_sidecar(decision, beside, before.sidecar_size, rules),
            sidecar=before.sidecar_digest if ours else None,
            replaces_sidecar=ours or rules.overwrite == "all",
        )

    def _write_inputs(self, found: Mapping[bytes, Found]) -> None:
        """Write down inputs by their paths, as they are now."""
        self._connection.executemany(
            "insert into inputs (path, size, mtime_ns) values (?, ?, ?) on conflict (path) do "
            "update set size = excluded.size, mtime_ns = excluded.mtime_ns",
            [(path, one.size, one.mtime_ns) for path, one in found.items()],
        )

    def _write_due(self, plans: Sequence[_Plan]) -> dict[bytes, int]:
        """Write down outputs that are to be made; their ids by their paths.

        In one statement for many, as each takes longer than what it says.
        """
        ids: dict[bytes, int] = {}
        for some in _portions(plans):
            values = ", ".join(
                ["((select id from inputs where path = ?), ?, ?, 'planned')"] * len(some)
            )
            written = self._connection.execute(
                f"insert into outputs (input, path, key, state) values {values} "
                "on conflict (path) do update set input = excluded.input, key = excluded.key, "
                "state = 'planned', skipped = null, step = null, error = null returning path, id",
                [value for plan in some for value in (plan.input, plan.path, plan.key)],
            )
            ids.update(written)
        return ids

    def _write_left(self, plans: Sequence[_Plan]) -> None:
        """Say why outputs are left as they are; all else that is known of them stays."""
        self._connection.executemany(
            "insert into outputs (input, path, key, state, skipped) values "
            "((select id from inputs where path = ?), ?, ?, 'planned', ?) "
            "on conflict (path) do update set skipped = excluded.skipped",
            [(plan.input, plan.path, plan.key, plan.leave) for plan in plans],
        )

    def land(self, row: Row, path: str) -> bool:
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
                f"update outputs set {ARRIVED}, seconds = ? where id = ?",
                [(seconds, row.id) for row, seconds in done],
            )
            self._connection.executemany(
                "update outputs set state = 'intent', next_bytes = :bytes, next_digest = :digest, "
                "next_sidecar_bytes = :sidecar_bytes, next_sidecar_digest = :sidecar_digest, "
                "format = :format, width = :width, height = :height, lost = :lost where id = :id",
                [intent.told for intent in intents],
            )
            self._connection.executemany(
                "update outputs set state = 'done', bytes = null, sidecar_bytes = null, "
                "sidecar_digest = null where id = ?",
                [(row.id,) for row in unneeded],
            )
            self._connection.executemany(
                "update outputs set state = 'failed', step = ?, error = ? where id = ?",
                [(error.step, str(error), row.id) for row, error in failed],
            )

    def forget(self, entry: Entry) -> None:
        """Strike out an output, and its input with its last one."""
        with self._transaction():
            self._connection.execute("delete from outputs where id = ?", (entry.id,))
            self._connection.execute(
                "delete from inputs where path = ? and id not in (select input from outputs)",
                (os.fsencode(entry.input),),
            )

    def record_unlisted(self, failures: Iterable[ImageError]) -> None:
        """Write down what the scan could not list."""
        with self._transaction():
            self._connection.executemany(
                "insert or replace into unlisted values (?, ?)",
                [(os.fsencode(error.path or ""), str(error)) for error in failures],
            )

    @property
    def history(self) -> History:
        """What has been written down."""
        return History(self._connection, self._output_dir)


def _in_log(plan: _Plan, ids: Mapping[bytes, int]) -> Row:
    """The row with its place in the log; one that nothing is done about keeps what it has."""
    return replace(plan.row, id=ids[plan.path]) if plan.path in ids else plan.row


def _portions(items: Iterable[T]) -> Iterator[list[T]]:
    """As many as one statement may hold, and so on."""
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _fingerprint(found: Found, path: bytes) -> bytes:
    """What tells an input from another, and from itself once it has changed."""
    return b"%b\0%d\0%b\0" % (path, found.size, found.digest or b"%d" % found.mtime_ns)


def _database(output_dir: Path, given: Path | None) -> Path:
    return given or output_dir / FOLDER / "run.sqlite"


def _unwritable(error: OSError) -> ConfigError:
    return ConfigError(f"Expected an output folder that can be written, got: {error}")
