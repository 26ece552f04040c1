"""Settle: put in order what a run left that was killed, or had its power cut."""

import json
import os
import sqlite3
from pathlib import Path

from imgpipe.files import digest_of
from imgpipe.naming import sidecar_name
from imgpipe.steps.save import TEMPORARY, remove_own

_BESIDE = "sidecar_bytes = next_sidecar_bytes, sidecar_digest = next_sidecar_digest"
ARRIVED = f"state = 'done', bytes = next_bytes, digest = next_digest, {_BESIDE}"


def settle(connection: sqlite3.Connection, output_dir: Path, scratch: Path) -> None:
    """Make the log agree with the disk, and remove temporary files and what a kill has parted."""
    for leftover in scratch.iterdir():
        leftover.unlink()
    last = connection.execute("select recipe, ended from runs order by id desc limit 1").fetchone()
    if last is not None and last[1] is None:
        _remove_strays(connection, output_dir, os.stat(scratch).st_dev)
        if json.loads(last[0])["durability"] != "file":
            _strike_out_empty(connection, output_dir)
    _remove_parted(connection, output_dir)
    settle_intents(connection, output_dir)


def settle_intents(connection: sqlite3.Connection, output_dir: Path) -> None:
    """What was about to get its name has it, or has it not. Only the log is changed."""
    intents = connection.execute(
        "select id, coalesce(landed, path), next_bytes, next_digest, sidecar_bytes, sidecar_digest "
        "from outputs where state = 'intent'"
    ).fetchall()
    with connection:
        for id, path, size, digest, *older in intents:
            outcome = "state = 'planned'"
            if _is_there(output_dir / os.fsdecode(path), size, digest):
                outcome = ARRIVED  # where its sidecar has not, that counts as lost
            elif not _is_there(sidecar_at(output_dir, path), *older):
                outcome += ", sidecar_bytes = null, sidecar_digest = null"
            connection.execute(f"update outputs set {outcome} where id = ?", (id,))


def _is_there(path: Path, size: int | None, digest: bytes | None) -> bool:
    return size is not None and size_of(path) == size and digest_of(path) == digest


def sidecar_at(output_dir: Path, output: bytes) -> Path:
    """Where the file beside an output is."""
    return output_dir / sidecar_name(os.fsdecode(output))


def _remove_parted(connection: sqlite3.Connection, output_dir: Path) -> None:
    """Where an output has arrived, its older sidecar goes; where it has not, its newer one.

    The order in which they get their names leaves none of these, but a power cut may.
    """
    intents = connection.execute(
        "select coalesce(landed, path), next_bytes, next_digest, sidecar_digest, "
        "next_sidecar_digest from outputs "
        "where state = 'intent' and sidecar_digest is not next_sidecar_digest"
    )
    for path, size, digest, older, newer in intents:
        has_arrived = _is_there(output_dir / os.fsdecode(path), size, digest)
        if parted := older if has_arrived else newer:
            remove_own(sidecar_at(output_dir, path), parted)


def _strike_out_empty(connection: sqlite3.Connection, output_dir: Path) -> None:
    """Outputs whose names a power cut has left, but not what was in them, are to be made again.

    Without its sidecar an output is made anew in any case.
    """
    made = connection.execute(
        "select id, coalesce(landed, path), iif(state = 'done', sidecar_bytes, next_sidecar_bytes) "
        "from outputs where state = 'done' and bytes > 0 or state = 'intent' and next_bytes > 0"
    )
    empty: list[int] = []
    for id, path, beside in made:
        output, sidecar = output_dir / os.fsdecode(path), sidecar_at(output_dir, path)
        if size_of(output) == 0:
            output.unlink()
            empty.append(id)
        if beside and size_of(sidecar) == 0:
            sidecar.unlink()
    with connection:
        connection.executemany(
            "update outputs set state = 'planned' where id = ? and state = 'done'",
            [(id,) for id in empty],
        )


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
