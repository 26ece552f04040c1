"""Settle: put in order what a run left that was killed, or had its power cut."""

import json
import os
import sqlite3
from pathlib import Path

from imgpipe.files import digest_of
from imgpipe.naming import SIDECAR
from imgpipe.steps.save import TEMPORARY, remove_own

_BESIDE = "sidecar_bytes = next_sidecar_bytes, sidecar_digest = next_sidecar_digest"
ARRIVED = f"state = 'done', bytes = next_bytes, digest = next_digest, {_BESIDE}"


def settle(connection: sqlite3.Connection, output_dir: Path, scratch: Path) -> None:
    """Make the log agree with the disk, in one transaction, and remove temporary files."""
    for leftover in scratch.iterdir():
        leftover.unlink()
    _remove_outlived(connection, output_dir)
    settle_intents(connection, output_dir)
    last = connection.execute("select recipe, ended from runs order by id desc limit 1").fetchone()
    if last is None or last[1] is not None:
        return
    if json.loads(last[0])["durability"] != "file":
        _strike_out_empty(connection, output_dir)
    _remove_strays(connection, output_dir, os.stat(scratch).st_dev)


def settle_intents(connection: sqlite3.Connection, output_dir: Path) -> None:
    """What was about to get its name has it, or has it not."""
    intents = connection.execute(
        "select id, coalesce(landed, path), next_bytes, next_digest, next_sidecar_bytes, "
        "next_sidecar_digest from outputs where state = 'intent'"
    ).fetchall()
    with connection:
        for id, path, size, digest, *beside in intents:
            target = output_dir / os.fsdecode(path)
            outcome = "state = 'planned'"
            if _is_there(target, size, digest):
                outcome = ARRIVED
            elif _is_there(sidecar_at(output_dir, path), *beside):  # it comes first
                outcome += f", {_BESIDE}"
            connection.execute(f"update outputs set {outcome} where id = ?", (id,))


def _is_there(path: Path, size: int | None, digest: bytes | None) -> bool:
    return size is not None and size_of(path) == size and digest_of(path) == digest


def sidecar_at(output_dir: Path, output: bytes) -> Path:
    """Where the file beside an output is."""
    return output_dir / (os.fsdecode(output) + SIDECAR)


def _remove_outlived(connection: sqlite3.Connection, output_dir: Path) -> None:
    """What was beside an output goes where one was about to appear that has nothing beside it."""
    outlived = connection.execute(
        "select coalesce(landed, path), sidecar_digest from outputs "
        "where state = 'intent' and sidecar_digest is not null and next_sidecar_digest is null"
    )
    for path, digest in outlived:
        remove_own(sidecar_at(output_dir, path), digest)


def _strike_out_empty(connection: sqlite3.Connection, output_dir: Path) -> None:
    """Outputs whose names a power cut has left, but not what was in them, are to be made again."""
    done = connection.execute(
        "select id, coalesce(landed, path), sidecar_bytes from outputs "
        "where state = 'done' and bytes > 0"
    )
    empty = [
        (id, file)
        for id, path, beside in done
        for file in (output_dir / os.fsdecode(path), *[sidecar_at(output_dir, path)] * bool(beside))
        if size_of(file) == 0
    ]
    with connection:
        for id, file in empty:
            file.unlink()
            if not file.name.endswith(SIDECAR):  # without one an output is made anew in any case
                connection.execute("update outputs set state = 'planned' where id = ?", (id,))


def _remove_strays(connection: sqlite3.Connection, output_dir: Path, here: int) -> None:
    """Temporary files lie beside outputs where those are on another device than `here`."""
    unfinished = connection.execute(
        "select coalesce(landed, path) from outputs "
        "where state in ('planned', 'intent') and skipped is null"
    )
    for below in {os.path.dirname(path) for (path,) in unfinished}:
        folder = output_dir / os.fsdecode(below)
        if folder.is_dir() and folder.stat().st_dev != here:
            for stray in folder.glob(f"{TEMPORARY}*"):
                stray.unlink()


def size_of(path: str | Path) -> int | None:
    """Of a file, in bytes; None where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return None
