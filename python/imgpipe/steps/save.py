"""Save: the bytes of an output in, a whole file under its final name out.

In two moves, so that the run log can stand between them: `stage` writes a temporary file and
flushes it to the disk, `publish` gives it its name. Whatever moment a run is killed at, a file
under a final name is whole.
"""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal, get_args

from imgpipe.errors import ImgpipeError, SaveError, StorageFull
from imgpipe.files import digest_of
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.image import Image
from imgpipe.steps.encode import encode_image

TEMPORARY = ".imgpipe-"  # what names of temporary files begin with

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_ONES_OWN = secrets.token_hex(8)  # asked of the system once, as threads hand over the GIL for it
_NUMBERS = count()

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


Durability = Literal["file", "run", "none"]
DURABILITIES: tuple[Durability, ...] = get_args(Durability)


@dataclass(frozen=True, slots=True)
class Staged:
    """An output on the disk under a temporary name."""

    temporary: Path
    target: Path
    size: int
    digest: bytes


def flush_file(number: int) -> None:
    """Have all that is written to an open file on the disk."""
    os.fsync(number)


def stage(
    data: bytes,
    target: Path,
    folder: Path | None = None,
    mtime_ns: int | None = None,
    flush: Callable[[int], object] = flush_file,
) -> Staged:
    """Write `data` to a new file in `folder`, or beside `target`, and flush it to the disk.

    `mtime_ns` is the time it claims to be changed at, None meaning now; `flush` gets the open
    file's number once all is written.

    Raises StorageFull where no room is left, SaveError for other refusals of the system.
    """
    temporary = _temporary_in(folder or target.parent)
    try:
        if folder is None:
            target.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(temporary, _NEW, 0o666)
        try:
            _write_all(opened, data)
            if mtime_ns is not None:
                os.utime(opened, ns=(mtime_ns, mtime_ns))
            flush(opened)
        finally:
            os.close(opened)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _refusal(error, target) from error
    return Staged(temporary, target, len(data), hashlib.sha256(data).digest())


def _write_all(opened: int, data: bytes) -> None:
    """Write all of `data` to an open file, in one call of the system where it takes that much."""
    left = memoryview(data)
    while left:
        left = left[os.write(opened, left) :]


def _temporary_in(folder: Path) -> Path:
    return folder / f"{TEMPORARY}{os.getpid():x}-{_ONES_OWN}-{next(_NUMBERS):x}"


def publish(staged: Staged, *, replace: bool) -> None:
    """Give a staged file its final name, over an existing file only where `replace` says so.

    The folder is to be flushed with `sync_folders` afterwards. Raises as `stage` does; the file is
    then still staged, and may be tried again.
    """
    name = _rename if replace else _link
    try:
        try:
            name(staged)
        except FileNotFoundError:
            staged.target.parent.mkdir(parents=True, exist_ok=True)
            name(staged)
    except OSError as error:
        raise _refusal(error, staged.target) from error


def _rename(staged: Staged) -> None:
    try:
        os.replace(staged.temporary, staged.target)
    except OSError:
        if not _is_moved(staged):
            raise


def _link(staged: Staged) -> None:
    """A link fails where the name is taken, which a rename does not."""
    try:
        os.link(staged.temporary, staged.target)
    except OSError as error:
        if not _is_linked(staged):
            _do_without_links(staged, error)
            return
    with suppress(OSError):  # it has its name, and what is left the next run sweeps up
        staged.temporary.unlink()


def _do_without_links(staged: Staged, error: OSError) -> None:
    """Where a filesystem has none, there is no better way to ask whether the name is taken."""
    if error.errno not in _NO_LINKS:
        raise error
    if staged.target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
    os.rename(staged.temporary, staged.target)


# Networks may tell of an error after the deed.


def _is_moved(staged: Staged) -> bool:
    try:
        regular = stat.S_ISREG(os.lstat(staged.target).st_mode)
        gone = not os.path.lexists(staged.temporary)
        return regular and gone and digest_of(staged.target) == staged.digest
    except OSError:
        return False


def _is_linked(staged: Staged) -> bool:
    try:
        return os.path.samestat(os.lstat(staged.temporary), os.lstat(staged.target))
    except OSError:
        return False


def set_aside(path: Path, digest: bytes, folder: Path) -> Staged | None:
    """Take its name from the file at `path`, which is then as if staged in `folder`.

    None where its content has not the SHA-256 `digest`. `folder` is on the same device. Raises as
    `stage` does.
    """
    temporary = _temporary_in(folder)
    try:
        if not path.is_file() or digest_of(path) != digest:
            return None
        os.replace(path, temporary)
        return Staged(temporary, path, temporary.stat().st_size, digest)
    except OSError as error:
        raise _refusal(error, path) from error


def remove_own(path: Path, digest: bytes) -> None:
    """Remove the file at `path` where its content still has the SHA-256 `digest`.

    Raises SaveError where the system refuses.
    """
    try:
        if path.is_file() and digest_of(path) == digest:
            path.unlink()
    except OSError as error:
        raise _refusal(error, path) from error


def sync_folders(folders: Iterable[Path]) -> None:
    """Flush the names in `folders` to the disk, each folder once."""
    for folder in set(folders):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some filesystems have nothing to flush here
                raise
        finally:
            os.close(descriptor)


def write_whole(data: bytes, path: Path) -> None:
    """Put `data` at `path`, over what is there, so that `path` never holds a part of it."""
    staged = stage(data, path)
    try:
        publish(staged, replace=True)
    except ImgpipeError:
        staged.temporary.unlink(missing_ok=True)
        raise
    sync_folders([path.parent])


def save_image(
    image: Image,
    path: str | os.PathLike[str],
    *,
    format: ImageFormat | None = None,
    quality: int | None = None,
) -> None:
    """Write `image` to `path`, over what is there, whole or not at all.

    `format` None goes by the extension; for `quality` see `encode_image`. Folders on the way are
    made. Raises ConfigError, EncodeError, SaveError or StorageFull.
    """
    target = Path(path)
    format = detect_format(target) if format is None else format
    write_whole(encode_image(image, format, quality, target), target)


def _refusal(error: OSError, target: Path) -> SaveError | StorageFull:
    if error.errno in _FULL:
        return StorageFull(
            f"Expected room for {target}, but the disk is full; make some and run again"
        )
    if isinstance(error, FileExistsError):
        return SaveError("Expected no file under the output's name, found one just now", target)
    return SaveError(f"Expected to write {target}, got: {error.strerror}", target)
