"""Settle: put in order what a run left that was killed, or had its power cut."""

import json
import os
import sqlite3
from pathlib import Path

from imgpipe.files import digest_of
from imgpipe.steps.save import TEMPORARY

ARRIVED = "state = 'done', bytes = next_bytes, digest = next_digest"


def settle(connection: sqlite3.Connection, output_dir: Path, scratch: Path) -> None:
    """Make the log agree with the disk, in one transaction, and remove temporary files."""
    for leftover in scratch.iterdir():
        leftover.unlink()
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
        "select id, coalesce(landed, path), next_bytes, next_digest from outputs "
        "where state = 'intent'"
    ).fetchall()
    with connection:
        for id, path, size, digest in intents:
            target = output_dir / os.fsdecode(path)
            arrived = size_of(target) == size and digest_of(target) == digest
            outcome = ARRIVED if arrived else "state = 'planned'"
            connection.execute(f"update outputs set {outcome} where id = ?", (id,))


def _strike_out_empty(connection: sqlite3.Connection, output_dir: Path) -> None:
    """Outputs whose names a power cut has left, but not what was in them, are to be made again."""
    done = connection.execute(
        "select id, coalesce(landed, path) from outputs where state = 'done' and bytes > 0"
    )
    paths = ((id, output_dir / os.fsdecode(path)) for id, path in done)
    empty = [(id, path) for id, path in paths if size_of(path) == 0]
    with connection:
        for id, path in empty:
            path.unlink()
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
